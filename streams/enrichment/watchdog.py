"""Notices an enricher that has inputs to read and does not read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from runtime.clock import Clock
from streams.enrichment.gaps import Continuity
from streams.enrichment.inputs import InputReader

PATIENCE_SECONDS = 120.0
"""How long inputs may wait while nothing at all is enriched. Longer than the longest retry."""


class Observer(Protocol):
    """Whoever wants to know how an enricher does: health, metrics."""

    def progressed(self, inputs: int) -> None:
        """So many inputs are enriched and durable."""
        ...

    def lagging(self, lag: int, idle_seconds: float) -> None:
        """So many offsets of the assigned partitions are ahead; the last progress is so long ago."""
        ...


class Stalled(Exception):
    """Inputs wait, and nothing moves."""


class Watchdog:
    """Compares the brokers' view with the worker's."""

    def __init__(self, reader: InputReader, continuity: Continuity, observer: Observer, clock: Clock) -> None:
        self._reader = reader
        self._continuity = continuity
        self._observer = observer
        self._clock = clock
        self._moved_at = clock.monotonic()

    def progressed(self, inputs: int) -> None:
        """So many inputs are enriched and durable."""
        self._moved_at = self._clock.monotonic()
        self._observer.progressed(inputs)

    async def look(self, assigned: Iterable[tuple[str, int]]) -> None:
        """Tells the observer how it stands. `assigned`: topics without prefix, and partitions.

        Raises:
            Stalled: if inputs have been waiting for too long.
        """
        behind = {at: lag for at in assigned if (lag := await self._lag(*at)) > 0}
        idle = self._clock.monotonic() - self._moved_at
        self._observer.lagging(sum(behind.values()), idle)
        if not behind:
            self._moved_at = self._clock.monotonic()
        elif idle > PATIENCE_SECONDS and (stuck := await self._first_readable(behind)):
            topic, partition = stuck
            raise Stalled(f"{topic}[{partition}] has inputs, but none was enriched for {idle:.0f} s")

    async def _lag(self, topic: str, partition: int) -> int:
        return await self._reader.end(topic, partition) - await self._continuity.next_of(topic, partition)

    async def _first_readable(self, behind: Iterable[tuple[str, int]]) -> tuple[str, int] | None:
        for at in behind:
            if await self._reader.anything_from(*at, await self._continuity.next_of(*at)):
                return at
        return None
