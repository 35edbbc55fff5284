"""Offsets that Faust did not hand over: enriched after all if the broker has them, said to be absent if not.

Retention, markers of somebody's transaction and inputs that begin above 0 leave offsets where nothing stands.
Deciders expect every offset, so each stretch is looked at with a plain consumer before it is called absent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import structlog

from schemas.enriched import Absent, Coordinates
from streams.enrichment.check import RawInput
from streams.enrichment.inputs import InputReader

STRETCH = 256
"""How many inputs are read again at a time."""


def fill(
    topic: str, partition: int, first: int, before: int, found: Sequence[RawInput]
) -> list[RawInput | Absent]:
    """What stands from `first` to just before `before`: what was found there, and the absence of the rest.

    Nobody knows when what is absent was appended: it carries the time 0, on which no decision time depends.
    """
    filled: list[RawInput | Absent] = []
    for raw in found:
        if raw.offset > first:
            filled.append(Absent(Coordinates(topic, partition, first, 0), raw.offset - 1))
        filled.append(raw)
        first = raw.offset + 1
    if before > first:
        filled.append(Absent(Coordinates(topic, partition, first, 0), before - 1))
    return filled


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
            before = found[-1].offset + 1 if len(found) == STRETCH else raw.offset
            self._tell(raw, expected, before, len(found))
            yield fill(raw.topic, raw.partition, expected, before, found)
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
