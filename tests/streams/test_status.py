"""What a decider tells of its partitions: how far behind, how long idle, what became of its inputs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from cli.decider import NAME, PATIENCE_SECONDS, Reporter
from cli.failure import Failed
from runtime.health import Health
from runtime.progress import STALLED_SECONDS
from runtime.settings import Settings
from schemas.enriched import Absent, Invalid
from streams.decider import Decider
from streams.limits import Limits
from tests.clock import StoppedClock
from tests.streams.counting import Counting, opening
from tests.streams.scene import QUICK, Scene, all_have, at, numbers, until


@pytest.fixture
async def scene(kafka_settings: Settings) -> Scene:
    one = Scene(kafka_settings.model_copy(update={"partitions": 1}))
    await one.create_topics()
    return one


def teller(registry: CollectorRegistry) -> Callable[..., float | None]:
    def told(name: str, **more: str) -> float | None:
        of = {"domain": "counting", **more}
        return registry.get_sample_value(f"relearn_decider_{name}", of)

    return told


class Hesitant(Counting):
    """Decides nothing before it may."""

    def __init__(self) -> None:
        self.may = threading.Event()

    def expect(self, *_: Any) -> None:
        self.may.wait()


async def test_one_that_hangs_is_first_unready_and_then_ended(scene: Scene) -> None:
    domain, clock, health = Hesitant(), StoppedClock(1_800_000_000.0), Health([NAME])
    domain.may.set()
    decider = Decider(scene.settings, domain, opening(1), limits=QUICK, clock=clock)
    reporter = Reporter("counting", decider, health)

    def is_ready() -> bool:
        reporter.look()
        return health.is_ready

    async with scene.running(decider):
        await scene.write(numbers(0, 5))
        await until(lambda: all_have(decider, 1, 6))
        # Nothing to do for a day is no reason for anything.
        clock.seconds += 86_400
        await until(is_ready)
        await until(lambda: decider.status()[0].idle_seconds == 0)
        domain.may.clear()
        await scene.write(numbers(5, 8))
        await until(lambda: decider.status()[0].has_work)
        clock.seconds += STALLED_SECONDS + 1
        assert not is_ready()
        assert "has decided nothing for 31 s" in health.parts["counting 0"].reason
        clock.seconds += PATIENCE_SECONDS
        with pytest.raises(Failed, match="partition 0 of counting has stalled"):
            await reporter.run()
        domain.may.set()
        await until(is_ready)


async def test_numbers_tell_what_became_of_inputs(scene: Scene, tmp_path: Path) -> None:
    settings = scene.settings.model_copy(update={"snapshot_dir": tmp_path})
    registry = CollectorRegistry()
    told = teller(registry)
    decider = Decider(settings, Counting(), opening(1), limits=Limits(snapshot_records=5), registry=registry)
    odd = [
        Invalid(at(3), "not JSON: unexpected end of data", b"{"),
        Invalid(at(4), "data.rating: Input should be less than or equal to 5", b"{}"),
        Absent(at(5), 9),
    ]
    await scene.write([*numbers(0, 3), *odd, *numbers(10, 12)])
    async with scene.running(decider):
        await until(
            lambda: all_have(decider, 1, 9) and told("snapshot_timestamp_seconds", partition="0") is not None
        )
    assert told("records_total", partition="0") == told("batch_records_sum") == 9
    assert [told("dead_letters_total", reason=each) for each in ("unreadable", "data")] == [1, 1]
    assert told("absent_inputs_total", partition="0") == 5
    assert (told("rebalances_total") or 0) >= 1
    saved = next(tmp_path.iterdir()).stat().st_mtime
    assert told("snapshot_timestamp_seconds", partition="0") == saved


async def test_what_waits_is_told_in_seconds(scene: Scene) -> None:
    domain, clock, registry = Hesitant(), StoppedClock(1_800_000_000.0), CollectorRegistry()
    told = teller(registry)
    domain.may.set()
    decider = Decider(scene.settings, domain, opening(1), limits=QUICK, clock=clock, registry=registry)
    async with scene.running(decider):
        await scene.write(numbers(0, 5))
        await until(lambda: all_have(decider, 1, 6) and told("lag", partition="0") == 0)
        assert told("lag_seconds", partition="0") == 0
        domain.may.clear()
        await scene.write(numbers(5, 8))
        await until(lambda: told("lag", partition="0") == 3)
        clock.seconds += 17
        assert told("lag_seconds", partition="0") == 17
        domain.may.set()
        await until(lambda: told("lag", partition="0") == 0)
        assert told("lag_seconds", partition="0") == 0
