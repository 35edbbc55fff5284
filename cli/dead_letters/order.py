"""Whether a dead letter still comes in order: what has been decided since, about the same shop or task."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from aiokafka import TopicPartition

from cli.dead_letters.glimpse import Glimpse, glimpse_of
from cli.dead_letters.letters import Letter
from cli.dead_letters.reading import messages
from projections.domains import PROJECTIONS
from projections.moments import ends_at
from runtime.settings import Settings
from schemas.control import Place
from schemas.topics import DomainTopics, Key


@dataclass(frozen=True, slots=True)
class Awaited:
    """A letter that may come again: the key by which it is kept in order, and where that is at home."""

    letter: Letter
    key: str
    conversation: str | None
    home: int

    @property
    def is_at_home(self) -> bool:
        """Whether it died in the partition in which it is to be decided."""
        return self.letter.input.partition == self.home

    def is_past(self, offset: int, at: int) -> bool:
        """Whether the record at this offset, decided at this time (ms), came after the letter.

        Between partitions only decision times can be compared.
        """
        if self.is_at_home:
            return offset > self.letter.log_offset
        return at >= int(self.letter.decided_at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Since:
    """How many events of the same shop or task have been decided since, and how many of its conversation."""

    events: int = 0
    of_conversation: int = 0


class Tally:
    """Counts, record by record of one partition, what came after each letter that is awaited there."""

    def __init__(self, awaited: Iterable[Awaited], kind: Key) -> None:
        self._kind = kind
        self._coming = deque(sorted(awaited, key=lambda each: each.letter.decided_at))
        self._keys = {each.key for each in self._coming}
        self._events = Counter[str]()
        self._of_conversation = Counter[tuple[str, str]]()
        self._before: dict[Place, tuple[Awaited, Since]] = {}

    def hear(self, offset: int, said: Mapping[str, Any]) -> None:
        """The next record, as parsed JSON."""
        while self._coming and self._coming[0].is_past(offset, said["at"]):
            each = self._coming.popleft()
            self._before[each.letter.place] = each, self._now(each)
        event = said.get("event")
        if event is not None and _is_decided(said):
            self._count(glimpse_of(event))

    def _count(self, seen: Glimpse) -> None:
        if (key := seen.key(self._kind)) in self._keys and key is not None:
            self._events[key] += 1
            if seen.conversation is not None:
                self._of_conversation[key, seen.conversation] += 1

    def since(self) -> dict[Place, Since]:
        """What has been decided since, by letter; without those that nothing came after."""
        told = {
            place: Since(now.events - before.events, now.of_conversation - before.of_conversation)
            for place, (each, before) in self._before.items()
            for now in (self._now(each),)
        }
        return {place: each for place, each in told.items() if each.events}

    def _now(self, each: Awaited) -> Since:
        talk = each.conversation
        return Since(self._events[each.key], self._of_conversation[each.key, talk] if talk else 0)


def _is_decided(said: Mapping[str, Any]) -> bool:
    """A repeat changed nothing."""
    return not any(outcome["kind"] == "DuplicateIgnored" for outcome in said["outcomes"])


async def decided_since(
    settings: Settings, domain: DomainTopics, awaited: Sequence[Awaited]
) -> dict[Place, Since]:
    """What the log has about the same shops and tasks after these letters."""
    if not awaited:
        return {}
    starts, name = await _starts(settings, domain, awaited), settings.topic(domain.log.name)
    tallies = {home: Tally((each for each in awaited if each.home == home), domain.key) for home in starts}
    tps = {TopicPartition(name, home): start for home, start in starts.items()}
    async for message in messages(settings, f"{domain.name} compared", tps):
        tallies[message.partition].hear(message.offset, orjson.loads(message.value))
    return {place: since for tally in tallies.values() for place, since in tally.since().items()}


async def _starts(settings: Settings, domain: DomainTopics, awaited: Sequence[Awaited]) -> Mapping[int, int]:
    """Where to begin to read, by partition."""
    starts: dict[int, int] = {}
    away = [each for each in awaited if not each.is_at_home]
    if away:
        first = min(each.letter.decided_at for each in away)
        came_to = await ends_at(settings, PROJECTIONS[domain.name], first)
        starts = {each.home: came_to[each.home] for each in away}
    for each in awaited:
        if each.is_at_home:
            starts[each.home] = min(each.letter.log_offset, starts.get(each.home, each.letter.log_offset))
    return starts
