"""A partition that has records to show and shows none is not ready, and in the end its process ends."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from projections.engine import Projector
from projections.failures import RecordRefused
from projections.learning.projection import PROJECTION
from projections.meters import Meters
from projections.watchdog import PATIENCE_SECONDS, Stalled, Watchdog
from runtime.health import Health, PartHealth
from runtime.progress import STALLED_SECONDS, Progress
from runtime.settings import Settings
from tests.clock import StoppedClock
from tests.projections.learning_log import Log
from tests.projections.test_engine import append, eventually, logs_of, make_log, shown, tables
from tests.projections.test_writer import respond

__all__ = ["tables"]


@dataclass
class Partition:
    """One that shows what it is told to have shown."""

    progress: Progress
    part: str = "learning 1"
    number: int = 1
    shown: int | None = 10
    stopped: RecordRefused | None = None

    def behind(self, end: int) -> int | None:
        return None if self.shown is None else end - self.shown


class Scene:
    def __init__(self) -> None:
        self.clock, self.registry, self.health = StoppedClock(1000.0), CollectorRegistry(), Health([])
        self.partition = Partition(Progress(self.clock))
        nothing: Any = None
        self.watchdog = Watchdog(nothing, Meters("learning", self.registry), self.health)

    def look(self, end: int, *, after: float = 0.0) -> None:
        self.clock.seconds += after
        self.watchdog.look([self.partition], {1: end})

    def told(self, name: str) -> float | None:
        of = {"projection": "learning", "partition": "1"}
        return self.registry.get_sample_value(f"relearn_projection_{name}", of)


def test_lag_is_told_in_offsets_and_in_seconds() -> None:
    scene = Scene()
    scene.look(10, after=5)
    assert (scene.told("lag"), scene.told("lag_seconds")) == (0, 0)
    scene.look(14, after=20)
    assert (scene.told("lag"), scene.told("lag_seconds")) == (4, 20)
    scene.partition.shown = 12
    scene.partition.progress.moved(int((scene.clock.seconds - 3) * 1000))
    scene.look(14)
    assert (scene.told("lag"), scene.told("lag_seconds")) == (2, 3)


def test_it_is_unready_while_it_stands_and_ready_again_once_it_moves() -> None:
    scene = Scene()
    scene.look(14, after=STALLED_SECONDS - 1)
    assert scene.health.is_ready
    scene.look(14, after=2)
    assert scene.health.parts["learning 1"] == PartHealth(
        False, "has 4 offsets to show, and has shown nothing for 31 s"
    )
    scene.partition.progress.moved()
    scene.look(14)
    assert scene.health.parts["learning 1"].ready


def test_it_ends_the_process_when_it_has_stood_for_too_long() -> None:
    scene = Scene()
    scene.look(14, after=PATIENCE_SECONDS - 1)
    with pytest.raises(Stalled, match="learning 1 has 4 offsets to show, and has shown nothing for 121 s"):
        scene.look(14, after=2)


def test_one_that_cannot_even_begin_ends_the_process() -> None:
    scene = Scene()
    scene.partition.shown = None
    with pytest.raises(Stalled):
        scene.look(14, after=PATIENCE_SECONDS + 1)


def test_who_has_nothing_to_show_may_rest() -> None:
    scene = Scene()
    for _ in range(10):
        scene.look(10, after=PATIENCE_SECONDS - 1)
    assert scene.health.is_ready


def test_one_that_states_its_reason_is_left_alone() -> None:
    scene = Scene()
    scene.partition.stopped = RecordRefused("learning.decisions", 1, 10, "whim")
    scene.look(14, after=10 * PATIENCE_SECONDS)
    assert "learning 1" not in scene.health.parts


def test_where_the_brokers_do_not_say_nobody_is_blamed() -> None:
    scene = Scene()
    scene.clock.seconds += 10 * PATIENCE_SECONDS
    scene.watchdog.look([scene.partition], {})
    assert scene.health.is_ready


async def test_a_database_that_hangs_is_noticed(settings: Settings, tables: asyncpg.Pool) -> None:
    """Of a real projector: somebody holds the lock on a position, and no statement ever fails."""
    logs: list[Log] = logs_of(1, 3)
    await make_log(settings, *logs)
    clock, health, registry = StoppedClock(1_800_000_000.0), Health([]), CollectorRegistry()
    projector = Projector(settings, PROJECTION, tables, registry, health, clock=clock)

    async def look() -> None:
        ends = await projector.ends()
        projector.watchdog.look(projector.followers(), ends)

    def told(name: str) -> float | None:
        of = {"projection": "learning", "partition": "0"}
        return registry.get_sample_value(f"relearn_projection_{name}", of)

    async def caught_up() -> bool:
        await look()
        return told("lag") == 0

    async def behind() -> bool:
        await look()
        return told("lag") == 2

    task = asyncio.create_task(projector.run())
    try:
        await eventually(shown(tables, 3))
        # Past the marker of the last transaction, too.
        await eventually(caught_up)
        assert health.is_ready
        async with tables.acquire() as conn, conn.transaction():
            await conn.execute("SELECT * FROM positions FOR UPDATE")
            respond(logs[0])
            await append(settings, logs[0], 4)
            await eventually(behind)
            clock.seconds += STALLED_SECONDS + 1
            await look()
            assert told("lag_seconds") == STALLED_SECONDS + 1
            assert not health.parts["learning 0"].ready
            clock.seconds += PATIENCE_SECONDS
            with pytest.raises(Stalled, match="learning 0 has 2 offsets to show"):
                await look()
        await eventually(shown(tables, 4))
        await eventually(caught_up)
        assert health.parts["learning 0"].ready
    finally:
        projector.stop()
        await task
    assert (
        registry.get_sample_value("relearn_projection_rebalances_total", {"projection": "learning"}) or 0
    ) > 0
