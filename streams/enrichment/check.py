"""Whether an input can be decided, and where: valid, invalid, or appended to a foreign partition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aiokafka.partitioner import murmur2

from schemas.codec import decode
from schemas.enriched import Coordinates, Invalid, Moved
from schemas.event import Event, PartitionData
from schemas.failures import InvalidEvent
from schemas.keys import key_of
from schemas.topics import MAX_INPUT_BYTES, DomainTopics
from schemas.value import value

MAX_AHEAD_MS = 5 * 60 * 1000
"""How far an event's own time may lie ahead of its append time."""
MAX_BEHIND_MS = 3653 * 24 * 60 * 60 * 1000
"""How far it may lie behind: ten years."""

Headers = Sequence[tuple[str, bytes]]


@value
class RawInput:
    """A message of an input topic. `topic` is the name without prefix; `appended_at` is milliseconds."""

    topic: str
    partition: int
    offset: int
    appended_at: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def coordinates(self) -> Coordinates:
        """Where it stands, and since when."""
        return Coordinates(self.topic, self.partition, self.offset, self.appended_at)


@value
class Valid:
    """An input that a decider can decide. `key` is None for what concerns a whole partition."""

    input: Coordinates
    raw: bytes
    event: Event[Any]
    key: bytes | None


@dataclass(frozen=True, slots=True)
class Astray:
    """A valid input in a foreign partition: it must stand at `home` before this is said of it."""

    moved: Moved
    key: bytes
    raw: RawInput


class PartitionsChanged(Exception):
    """A topic has more partitions than this enricher was started for: keys would change their homes."""


@lru_cache(maxsize=10_000)
def home_of(key: bytes, partitions: int) -> int:
    """The partition of a key by Kafka's default partitioner: murmur2, without the sign."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


class Check:
    """Reads the inputs of one domain."""

    def __init__(self, domain: DomainTopics, partitions: int) -> None:
        self._domain = domain
        self._partitions = partitions
        self._types_of = {topic.name: frozenset(kind.TYPE for kind in topic.types) for topic in domain.inputs}

    def __call__(self, raw: RawInput) -> Valid | Invalid | Astray:
        """What this input is.

        Raises:
            PartitionsChanged: if it stands in a partition that should not exist.
        """
        if raw.partition >= self._partitions:
            raise PartitionsChanged(
                f"{raw.topic} has a partition {raw.partition}, but this enricher expects {self._partitions} of them: "
                f"keys would change their homes, so the domain needs a new generation"
            )
        try:
            return self._read(raw)
        except InvalidEvent as error:
            # A compressed batch can hold far more than an input may be: its beginning is enough to see what it is.
            beginning = (raw.value or b"")[:MAX_INPUT_BYTES]
            return Invalid(raw.coordinates, error.reason + _hint(raw), beginning)

    def _read(self, raw: RawInput) -> Valid | Astray:
        if not raw.value:
            raise InvalidEvent("has no value: inputs are facts, they cannot be deleted by a tombstone")
        event: Event[Any] = decode(raw.value, self._domain.types)
        self._check_topic(event, raw)
        _check_time(event, raw.appended_at)
        key = key_of(event)
        if key is not None:
            return self._at_home(event, raw, key)
        _check_partition(event.data, raw)
        return Valid(raw.coordinates, raw.value, event, None)

    def _check_topic(self, event: Event[Any], raw: RawInput) -> None:
        if event.type not in self._types_of[raw.topic]:
            belongs = self._domain.input_of(event.type)
            where = belongs.name if belongs else "no topic"
            raise InvalidEvent(f"{event.type!r} belongs in {where}, not in {raw.topic}", field="type")

    def _at_home(self, event: Event[Any], raw: RawInput, key: bytes) -> Valid | Astray:
        if raw.key is not None and raw.key != key:
            told = raw.key[:40]
            raise InvalidEvent(f"the message's key {told!r} is not its {self._domain.key}, {key.decode()}")
        home = home_of(key, self._partitions)
        if home != raw.partition:
            return Astray(Moved(raw.coordinates, home), key, raw)
        return Valid(raw.coordinates, raw.value or b"", event, key)


def _check_time(event: Event[Any], appended_at: int) -> None:
    ahead = event.time.timestamp() * 1000 - appended_at
    if ahead > MAX_AHEAD_MS:
        raise InvalidEvent("is more than 5 minutes ahead of when it was appended", field="time")
    if ahead < -MAX_BEHIND_MS:
        raise InvalidEvent("is more than 10 years behind when it was appended", field="time")


def _check_partition(data: PartitionData, raw: RawInput) -> None:
    if raw.key is not None:
        raise InvalidEvent("must have no key: this type concerns a whole partition")
    if data.partition != raw.partition:
        raise InvalidEvent(f"is {data.partition}, but it stands in {raw.partition}", field="data.partition")


def _hint(raw: RawInput) -> str:
    binary = any(name.lower() == "ce_specversion" for name, _ in raw.headers)
    return " (sent as CloudEvents in binary mode; only structured mode is read)" if binary else ""
