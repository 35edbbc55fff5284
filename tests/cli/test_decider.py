"""What a decider's /health says: ready with live partitions, and ready as a spare, but not before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from cli.decider import NAME, PATIENCE_SECONDS, SPARE, Reporter
from cli.failure import Failed
from runtime.health import Health, PartHealth
from runtime.progress import STALLED_SECONDS
from streams.status import PartitionStatus, Standing


@dataclass
class Watched:
    """A decider at one moment."""

    partitions: Sequence[PartitionStatus] = ()
    is_spare: bool = False

    def status(self) -> Sequence[PartitionStatus]:
        return self.partitions


def partition(
    state: Standing, reason: str = "", lag: int | None = None, idle: float = 0.0
) -> PartitionStatus:
    return PartitionStatus(2, state, reason, checkpoint=-1, seq=0, lag=lag, idle_seconds=idle)


def reporter(watched: Watched) -> tuple[Reporter, Health]:
    health = Health([NAME])
    return Reporter("learning", watched, health), health


def test_without_an_assignment_it_is_not_ready() -> None:
    looks, health = reporter(Watched())
    looks.look()
    assert not health.is_ready


def test_with_live_partitions_it_is_ready() -> None:
    watched = Watched([partition("opening")])
    looks, health = reporter(watched)
    looks.look()
    assert not health.is_ready
    watched.partitions = [partition("live")]
    looks.look()
    assert health.is_ready
    watched.partitions = [partition("waiting", "input 3 has not been enriched")]
    looks.look()
    assert health.parts["learning 2"] == PartHealth(False, "waiting: input 3 has not been enriched")
    assert not health.is_ready


def test_a_spare_is_ready_and_says_so_until_it_has_partitions() -> None:
    watched = Watched(is_spare=True)
    looks, health = reporter(watched)
    looks.look()
    assert health.is_ready
    assert health.parts["learning"] == PartHealth(True, SPARE)
    watched.is_spare, watched.partitions = False, [partition("opening")]
    looks.look()
    assert health.parts.keys() == {NAME, "learning 2"}
    assert not health.is_ready


def test_what_has_something_to_decide_and_does_nothing_is_not_ready() -> None:
    watched = Watched([partition("live", lag=3, idle=STALLED_SECONDS - 1)])
    looks, health = reporter(watched)
    looks.look()
    assert health.is_ready
    watched.partitions = [partition("live", lag=3, idle=STALLED_SECONDS + 1)]
    looks.look()
    assert health.parts["learning 2"] == PartHealth(
        False, "has 3 to decide, and has decided nothing for 31 s"
    )
    watched.partitions = [partition("live", lag=0, idle=STALLED_SECONDS + 1)]
    looks.look()
    assert health.is_ready


STALLED = [partition("opening", idle=PATIENCE_SECONDS + 1), partition("live", "", 1, PATIENCE_SECONDS + 1)]


@pytest.mark.parametrize("told", STALLED)
async def test_what_has_stalled_ends(told: PartitionStatus) -> None:
    looks, _ = reporter(Watched([told]))
    with pytest.raises(Failed, match="partition 2 of learning has stalled"):
        await looks.run()


PATIENT = [
    partition("live", "", 0, PATIENCE_SECONDS + 1),
    partition("live", "", 1, PATIENCE_SECONDS - 1),
    partition("waiting", "input 3 has not been enriched", 1, PATIENCE_SECONDS + 1),
    partition("refused", "its input was recreated", 1, PATIENCE_SECONDS + 1),
]


@pytest.mark.parametrize("told", PATIENT)
async def test_what_states_a_reason_or_has_nothing_to_do_goes_on(told: PartitionStatus) -> None:
    looks, health = reporter(Watched([told]))
    task = asyncio.create_task(looks.run())
    while NAME not in health.parts or not health.parts[NAME].ready:
        await asyncio.sleep(0)
    assert not task.done()
    looks.stop()
    await task
