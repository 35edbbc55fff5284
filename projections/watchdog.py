"""Notices a partition that has records to show and does not show them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Protocol

from projections.failures import RecordRefused
from projections.meters import Meters
from runtime.health import Health
from runtime.progress import STALLED_SECONDS, Progress

LOOK_SECONDS = 5.0

PATIENCE_SECONDS = 120.0
"""How long records may wait while none is shown: longer than the database is waited for."""


class Stalled(Exception):
    """Records wait, and nothing moves."""


class Watched(Protocol):
    """What is looked at of one partition."""

    part: str
    progress: Progress
    stopped: RecordRefused | None

    @property
    def number(self) -> int: ...
    def behind(self, end: int) -> int | None: ...


class Log(Protocol):
    """What is followed of a log at this moment."""

    def followers(self) -> Sequence[Watched]: ...
    async def ends(self) -> Mapping[int, int]: ...


class Watchdog:
    """Compares where the brokers say that partitions end with what is shown of them."""

    def __init__(self, log: Log, meters: Meters, health: Health) -> None:
        self._log = log
        self._meters = meters
        self._health = health
        self._late: set[str] = set()
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Looks again and again, until `stop`.

        Raises:
            Stalled: if a partition has been waiting for too long and states no reason.
        """
        while not self._over.is_set():
            ends = await self._log.ends()
            self.look(self._log.followers(), ends)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), LOOK_SECONDS)

    def stop(self) -> None:
        """Lets `run` end."""
        self._over.set()

    def look(self, watched: Sequence[Watched], ends: Mapping[int, int]) -> None:
        """Tells metrics and health how each partition stands. `ends`: by partition, where that is known.

        Raises:
            Stalled: as `run` does.
        """
        self._late &= {each.part for each in watched}
        for each in watched:
            if each.number in ends:
                self._judge(each, each.behind(ends[each.number]))

    def _judge(self, each: Watched, lag: int | None) -> None:
        if lag == 0:
            each.progress.rested()
        if lag is not None:
            self._meters.lagging(each.number, lag, each.progress.waiting_seconds if lag else 0.0)
        idle = each.progress.idle_seconds
        if each.stopped is not None:
            self._late.discard(each.part)
        elif idle > STALLED_SECONDS:
            self._tell(each, lag, idle)
        elif each.part in self._late:
            self._late.discard(each.part)
            self._health.ready(each.part)

    def _tell(self, each: Watched, lag: int | None, idle: float) -> None:
        waiting = "records" if lag is None else f"{lag} offsets"
        reason = f"has {waiting} to show, and has shown nothing for {idle:.0f} s"
        self._late.add(each.part)
        self._health.unready(each.part, reason)
        if idle > PATIENCE_SECONDS:
            raise Stalled(f"{each.part} {reason}; a new process may do better")
