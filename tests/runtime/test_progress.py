"""Idle is what has something to do and does nothing; waiting is told by when things were appended."""

from __future__ import annotations

from runtime.progress import Progress
from tests.clock import StoppedClock


def test_what_waits_was_appended_after_what_was_done_last() -> None:
    clock = StoppedClock(1000.0)
    progress = Progress(clock)
    clock.seconds += 50
    progress.moved(1_010_000)
    clock.seconds += 3
    assert (progress.waiting_seconds, progress.idle_seconds) == (43.0, 3.0)


def test_a_step_that_says_no_time_moves_but_does_not_hide_the_lag() -> None:
    clock = StoppedClock(1000.0)
    progress = Progress(clock)
    clock.seconds += 50
    progress.moved()
    assert (progress.waiting_seconds, progress.idle_seconds) == (50.0, 0.0)


def test_who_had_nothing_to_do_has_kept_nothing_waiting() -> None:
    clock = StoppedClock(1000.0)
    progress = Progress(clock)
    progress.moved(10_000)
    clock.seconds += 3600
    progress.rested()
    clock.seconds += 2
    assert (progress.waiting_seconds, progress.idle_seconds) == (2.0, 2.0)


def test_a_broker_whose_clock_is_ahead_makes_no_negative_lag() -> None:
    progress = Progress(StoppedClock(1000.0))
    progress.moved(1_005_000)
    assert progress.waiting_seconds == 0.0
