"""What a decider's /health says: ready with live partitions, and ready as a spare, but not before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cli.decider import NAME, SPARE, Reporter
from runtime.clock import SystemClock
from runtime.health import Health, PartHealth
from streams.status import PartitionStatus, Standing


@dataclass
class Watched:
    """A decider at one moment."""

    partitions: Sequence[PartitionStatus] = ()
    is_spare: bool = False

    def status(self) -> Sequence[PartitionStatus]:
        return self.partitions

    def stalled(self, now: float) -> Sequence[PartitionStatus]:
        return ()


def partition(state: Standing, reason: str = "") -> PartitionStatus:
    return PartitionStatus(2, state, reason, checkpoint=-1, seq=0, lag=None)


def reporter(watched: Watched) -> tuple[Reporter, Health]:
    health = Health([NAME])
    return Reporter("learning", watched, health, SystemClock()), health


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
