"""Notices an enricher that has inputs to read and does not read them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from runtime.clock import Clock
from runtime.progress import Progress
from schemas.enriched import Absent
from streams.enrichment.check import RawInput
from streams.enrichment.gaps import Continuity
from streams.enrichment.inputs import InputReader

PATIENCE_SECONDS = 120.0
"""How long inputs may wait while nothing at all is enriched. Longer than the longest retry."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far an enricher is behind at one moment."""

    inputs: int
    """So many offsets of the assigned partitions are ahead."""
    oldest_seconds: float
    """How long the oldest of them can have been waiting."""
    idle_seconds: float
    """Since the last progress."""


class Observer(Protocol):
    """Whoever wants to know how an enricher does: health, metrics."""

    def progressed(self, inputs: int, seconds: float) -> None:
        """So many inputs are enriched and durable, which took so long."""
        ...

    def lagging(self, lag: Lag) -> None:
        """So it stands at this moment."""
        ...

    def assigned(self) -> None:
        """The group's partitions were divided anew."""
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
        self._progress: defaultdict[tuple[str, int], Progress] = defaultdict(partial(Progress, clock))

    def began(self) -> float:
        """When a batch was begun, for `progressed`."""
        return self._clock.monotonic()

    def progressed(self, done: Sequence[RawInput | Absent], began: float) -> None:
        """These inputs are enriched and durable."""
        self._moved_at = self._clock.monotonic()
        places = [each.input if isinstance(each, Absent) else each for each in done]
        for at, appended_at in {(each.topic, each.partition): each.appended_at for each in places}.items():
            self._progress[at].moved(appended_at)
        self._observer.progressed(len(done), self._moved_at - began)

    def assigned(self) -> None:
        """The group's partitions were divided anew."""
        self._progress.clear()
        self._observer.assigned()

    async def look(self, assigned: Iterable[tuple[str, int]]) -> None:
        """Tells the observer how it stands. `assigned`: topics without prefix, and partitions.

        Raises:
            Stalled: if inputs have been waiting for too long.
        """
        lags = {at: await self._lag(*at) for at in assigned}
        behind = {at: lag for at, lag in lags.items() if lag > 0}
        for at in lags.keys() - behind.keys():
            self._progress[at].rested()
        idle = self._clock.monotonic() - self._moved_at
        oldest = max((self._progress[at].waiting_seconds for at in behind), default=0.0)
        self._observer.lagging(Lag(sum(behind.values()), oldest, idle))
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
