"""Routing and end of a task become one execution, once, in whichever order they come and however often."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import vector as vectors
from schemas.control import RetentionAdvanced
from schemas.event import Event
from schemas.execution import (
    CompletionKept,
    ExecutionAbandoned,
    ExecutionRecorded,
    RoutingKept,
    TaskFeedbackStored,
    TaskForgotten,
    TaskRefused,
)
from schemas.outcome import DuplicateIgnored
from schemas.policy import ExecutionsPolicy
from tests.streams.executions.tasks import (
    HOURS,
    MORNING,
    Partition,
    completed,
    feedback,
    of,
    routed,
    said,
    started,
    vector,
)

DAY = timedelta(days=1)
JOINED = (said(routed()), said(started()), said(completed(), time=MORNING + HOURS), said(feedback(rating=4)))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_routing_start_and_end_does_not_matter_if_the_start_comes_in_time(
    order: tuple[int, ...],
) -> None:
    partition = Partition()
    (recorded,) = of(ExecutionRecorded, partition.hear(*(JOINED[n] for n in order)))
    assert recorded.routed == routed()
    assert recorded.completed == completed()
    assert recorded.timestamp == MORNING + HOURS
    # A start that comes when all is known comes too late.
    assert recorded.pool_id == (None if order[-1] == 1 else "cpu-1")
    assert vectors.from_text(recorded.embedding).tolist() == vector("bug_fix: Dates are wrong.").tolist()
    assert vectors.from_text(recorded.solution_embedding).tolist() == vector("Use the shop's zone.").tolist()


def test_errors_of_the_prediction() -> None:
    (recorded,) = of(ExecutionRecorded, Partition().hear(said(routed()), said(completed())))
    found = recorded.errors
    assert (found.cost, found.cost_relative, found.duration, found.duration_relative) == (1.0, 0.5, 50.0, 0.5)
    assert found.brier == pytest.approx(0.04)
    unknown = said(routed("t2", cost_estimate=None, predicted_duration_seconds=0.0))
    (other,) = of(ExecutionRecorded, Partition().hear(unknown, said(completed("t2", success=False))))
    found = other.errors
    assert (found.cost, found.cost_relative, found.duration, found.duration_relative) == (
        None,
        None,
        150.0,
        None,
    )
    assert found.brier == pytest.approx(0.64)


def test_a_second_end_and_a_second_routing_are_refused() -> None:
    partition = Partition()
    partition.hear(said(completed(success=True)))
    (again,) = partition.hear(said(completed(success=False)))
    assert again == TaskRefused(task_id="t1", reason="it was completed before")
    assert of(ExecutionRecorded, partition.hear(said(routed())))
    for late in (completed(success=False), routed(repo="acme/web"), started()):
        (refused,) = partition.hear(said(late, name="late"))
        assert refused == TaskRefused(task_id="t1", reason="it is closed")
    other = Partition()
    other.hear(said(routed()))
    assert of(TaskRefused, other.hear(said(routed(repo="acme/web"))))


def test_feedback_joins_before_and_after() -> None:
    partition = Partition()
    partition.hear(said(feedback(accepted=True, rating=2)), said(routed()), said(feedback(rating=5)))
    (recorded,) = of(ExecutionRecorded, partition.hear(said(completed())))
    assert (recorded.user_accepted, recorded.user_rating) == (True, 5)
    (stored,) = partition.hear(said(feedback(accepted=False)))
    assert isinstance(stored, TaskFeedbackStored)
    assert "t1" not in partition.state.domain.open


def test_who_is_never_completed_is_abandoned_by_a_tick() -> None:
    partition = Partition()
    partition.hear(said(routed()), said(started(), time=MORNING))
    assert partition.tick(MORNING + DAY - timedelta(seconds=1)) == []
    (abandoned,) = partition.tick(MORNING + DAY)
    assert isinstance(abandoned, ExecutionAbandoned)
    assert (abandoned.routed, abandoned.pool_id, abandoned.timestamp) == (routed(), "cpu-1", MORNING)
    (refused,) = partition.hear(said(completed()), at=MORNING + DAY)
    assert isinstance(refused, TaskRefused)


def test_an_end_without_a_routing_is_recorded_after_the_same_wait() -> None:
    partition = Partition()
    assert partition.hear(said(completed())) == [CompletionKept(task_id="t1")]
    (recorded,) = partition.tick(MORNING + DAY)
    assert isinstance(recorded, ExecutionRecorded)
    assert (recorded.routed, recorded.embedding, recorded.errors.brier) == (None, None, None)
    assert recorded.completed == completed()


def test_what_never_became_a_task_is_forgotten() -> None:
    partition = Partition()
    partition.hear(said(started("t1")), said(feedback("t2")))
    assert partition.tick(MORNING + DAY) == [TaskForgotten(task_id="t1"), TaskForgotten(task_id="t2")]
    assert not partition.state.domain.open


def test_one_tick_gives_up_only_so_many_oldest_first() -> None:
    partition = Partition(ExecutionsPolicy(closed_a_tick=2))
    partition.hear(*(said(routed(f"t{n}")) for n in range(5)))
    late = MORNING + DAY
    ticks = [[each.task_id for each in partition.tick(late + timedelta(minutes=n))] for n in range(4)]
    assert ticks == [["t0", "t1"], ["t2", "t3"], ["t4"], []]


def test_the_ids_of_closed_tasks_are_known_for_some_days() -> None:
    partition = Partition()
    partition.hear(said(routed()), said(completed()))
    partition.tick(MORNING + 7 * DAY)
    assert of(TaskRefused, partition.hear(said(completed(success=False)), at=MORNING + 7 * DAY))
    partition.tick(MORNING + 7 * DAY + timedelta(minutes=1))
    late = said(completed(success=False), name="later")
    assert of(CompletionKept, partition.hear(late, at=MORNING + 8 * DAY))


def test_retention_is_for_the_tables() -> None:
    partition = Partition()
    partition.hear(said(routed()))
    partition.hear(said(RetentionAdvanced(partition=0, before=MORNING + DAY)))
    assert of(ExecutionRecorded, partition.hear(said(completed())))


TASKS = ("t1", "t2", "t3")
EVENTS = [
    said(each)
    for task in TASKS
    for each in (
        routed(task),
        started(task),
        completed(task, success=task != "t2"),
        feedback(task, accepted=True),
        feedback(task, rating=3),
    )
]


@settings(max_examples=60, deadline=None)
@given(st.permutations(EVENTS), st.lists(st.tuples(st.integers(0, 40), st.sampled_from(EVENTS)), max_size=12))
def test_any_order_with_any_repeats_records_each_task_once(
    order: list[Event[Any]], repeats: list[tuple[int, Event[Any]]]
) -> None:
    partition, heard = Partition(), list(order)
    for at, event in repeats:
        heard.insert(at % (len(heard) + 1), event)
    outcomes = partition.hear(*heard)
    recorded = {each.task_id: each for each in of(ExecutionRecorded, outcomes)}
    assert len(of(ExecutionRecorded, outcomes)) == len(recorded) == len(TASKS)
    assert len(of(DuplicateIgnored, outcomes)) == len(repeats)
    assert len(of(TaskFeedbackStored, outcomes)) == 2 * len(TASKS)
    for task, one in recorded.items():
        assert (one.routed, one.completed) == (routed(task), completed(task, success=task != "t2"))
    assert not of(RoutingKept, partition.tick(MORNING + DAY))
    assert not partition.state.domain.open


@settings(max_examples=40, deadline=None)
@given(st.permutations(EVENTS), st.integers(0, len(EVENTS)))
def test_a_decider_that_begins_anew_in_the_middle_goes_on_as_the_first_would_have(
    order: list[Event[Any]], middle: int
) -> None:
    whole, first = Partition(), Partition()
    whole.hear(*order)
    first.hear(*order[:middle])
    first.state = first.again()
    first.hear(*order[middle:])
    assert [each.outcomes for each in first.records] == [each.outcomes for each in whole.records]
    assert list(first.state.domain.closed.items()) == list(whole.state.domain.closed.items())
    assert first.state.domain.open.keys() == whole.state.domain.open.keys()
