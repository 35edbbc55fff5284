"""Offsets that Faust did not hand over: enriched after all if the broker has them, said to be absent if not.

Retention, markers of somebody's transaction and inputs that begin above 0 leave offsets where nothing stands.
Deciders expect every offset, so each stretch is looked at with a plain consumer before it is called absent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence

import structlog

from schemas.enriched import Absent, Coordinates
from streams.enrichment.check import RawInput
from streams.enrichment.inputs import InputReader

STRETCH = 256
"""How many inputs are read again at a time."""


def fill(first: int, found: Sequence[RawInput], then: RawInput | None = None) -> list[RawInput | Absent]:
    """What was found from `first` on, in order, and before each the absence of what is missing.

    `then` is the input that comes next: what is missing just before it is absent too. Nobody knows when what is
    absent was appended, or whether it ever was: it carries the time of the input that follows it.
    """
    filled: list[RawInput | Absent] = []
    for raw in found:
        filled += [*_absent(first, raw), raw]
        first = raw.offset + 1
    return filled if then is None else [*filled, *_absent(first, then)]


def _absent(first: int, following: RawInput) -> Iterator[Absent]:
    """The absence of what stands from `first` to just before this input, if anything does."""
    if following.offset > first:
        place = Coordinates(following.topic, following.partition, first, following.appended_at)
        yield Absent(place, following.offset - 1)


class Continuity:
    """Remembers per partition what comes next since it was assigned, and completes what Faust hands over."""

    def __init__(self, reader: InputReader) -> None:
        self._reader = reader
        self._next: dict[tuple[str, int], int] = {}
        self._log = structlog.get_logger(__name__)

    def forget(self) -> None:
        """The assignment changed: what comes next is what the group has committed."""
        # A new object: a batch in hand goes on in the old one, and leaves no trace in the new.
        self._next = {}

    async def next_of(self, topic: str, partition: int) -> int:
        """The offset after the last one seen; before any, the one that the group has committed."""
        known = self._next.get((topic, partition))
        return known if known is not None else await self._reader.committed(topic, partition)

    async def complete(self, batch: Sequence[RawInput]) -> AsyncIterator[list[RawInput | Absent]]:
        """The batch, in order, in one or more lists, with what is missing before each of its inputs."""
        marks = self._next
        ready: list[RawInput | Absent] = []
        for raw in batch:
            at = (raw.topic, raw.partition)
            expected = marks[at] if at in marks else await self._reader.committed(*at)
            async for missing in self._between(raw, expected):
                yield [*ready, *missing]
                ready = []
            ready.append(raw)
            marks[at] = raw.offset + 1
        if ready:
            yield ready

    async def _between(self, raw: RawInput, expected: int) -> AsyncIterator[list[RawInput | Absent]]:
        """Lower than expected is a repeat: nothing is missing."""
        while expected < raw.offset:
            found = await self._reader.between(raw.topic, raw.partition, expected, raw.offset, limit=STRETCH)
            goes_on = len(found) == STRETCH
            before = found[-1].offset + 1 if goes_on else raw.offset
            self._tell(raw, expected, before, len(found))
            yield fill(expected, found, None if goes_on else raw)
            expected = before

    def _tell(self, raw: RawInput, first: int, before: int, found: int) -> None:
        self._log.warning(
            "inputs were passed over; those that exist are enriched now, the others are recorded as absent",
            topic=raw.topic,
            partition=raw.partition,
            first=first,
            last=before - 1,
            existing=found,
        )
