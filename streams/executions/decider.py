"""The executions decider: joins routing and end of a task, in whichever order they come, once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import islice
from typing import Any

from schemas import control, execution
from schemas.enriched import Enrichment
from schemas.event import EventData
from schemas.outcome import Outcome
from schemas.policy import ExecutionsPolicy
from schemas.record import Record
from schemas.task import TaskCompleted, TaskFeedbackGiven, TaskRouted, TaskStarted
from schemas.topics import EXECUTIONS
from schemas.vector import Vector
from streams.domain import Feed, Given
from streams.executions.joining import abandoned, recorded
from streams.executions.state import State, Task

TASK, SOLUTION = "task", "solution"
"""The parts of an event that the enricher embeds."""


def on_routing(state: State, given: Given) -> Iterator[Outcome]:
    data: TaskRouted = given.data
    known = state.open.get(data.task_id)
    if known is not None and known.routed is not None:
        yield _refused(data.task_id, "it was routed before")
    elif known is not None and known.completed is not None:
        yield recorded(data.task_id, _with_routing(known, given))
    else:
        yield execution.RoutingKept(task_id=data.task_id)


def on_start(state: State, given: Given) -> Iterator[Outcome]:
    yield execution.StartKept(task_id=given.data.task_id)


def on_completion(state: State, given: Given) -> Iterator[Outcome]:
    data: TaskCompleted = given.data
    known = state.open.get(data.task_id)
    if known is not None and known.completed is not None:
        yield _refused(data.task_id, "it was completed before")
    elif known is not None and known.routed is not None:
        yield recorded(data.task_id, _with_completion(known, given))
    else:
        yield execution.CompletionKept(task_id=data.task_id)


ON_OPEN: Mapping[type[EventData], Callable[[State, Given], Iterator[Outcome]]] = {
    TaskRouted: on_routing,
    TaskStarted: on_start,
    TaskCompleted: on_completion,
}
"""What is decided about a task that is not closed."""


class Executions:
    """The executions domain, as the decider loop drives it."""

    topics = EXECUTIONS
    outcomes = execution.OUTCOMES
    policy = ExecutionsPolicy

    def new_state(self) -> State:
        return State()

    def expect(self, state: State, policy: Any, coming: Sequence[tuple[int, Enrichment]]) -> None:
        """Nothing is compared here."""

    def decide(self, state: State, policy: ExecutionsPolicy, given: Given) -> Iterator[Outcome]:
        data = given.data
        match data:
            case TaskFeedbackGiven():
                yield execution.TaskFeedbackStored(task_id=data.task_id, id=given.event.id)
            case control.Tick():
                yield from _overdue(state, policy, given)
            case control.PolicyAdopted() | control.RetentionAdvanced() | control.DeadLetterData():
                return
            case _ if data.task_id in state.closed:
                yield _refused(data.task_id, "it is closed")
            case _:
                yield from ON_OPEN[type(data)](state, given)

    def observe(self, state: State, policy: ExecutionsPolicy, given: Given) -> None:
        """Closed tasks are remembered for so long."""
        if isinstance(given.data, control.Tick):
            state.forget_closed(given.at, timedelta(days=policy.closed_days))

    def evolve(self, state: State, given: Given, outcome: Outcome) -> None:
        match outcome:
            case execution.RoutingKept(task_id=task_id):
                state.open[task_id] = _with_routing(state.task(task_id, given.at), given)
            case execution.StartKept(task_id=task_id):
                state.task(task_id, given.at).started = given.data
            case execution.CompletionKept(task_id=task_id):
                state.open[task_id] = _with_completion(state.task(task_id, given.at), given)
            case execution.TaskFeedbackStored(task_id=task_id) if task_id not in state.closed:
                state.task(task_id, given.at).hear(given.data)
            case execution.ExecutionClosed(task_id=task_id):
                state.close(task_id, given.at)
            case execution.TaskForgotten(task_id=task_id):
                state.open.pop(task_id)

    def feeds(self, state: State, given: Given, outcome: Outcome) -> Iterator[Feed]:
        """The log itself is what others subscribe to."""
        yield from ()

    def erasures(self, records: Iterable[Record]) -> bool:
        """Nobody is ever erased here: tasks are of machines."""
        return False

    def erased(self, record: Record, erasures: bool) -> Record:
        return record


def _overdue(state: State, policy: ExecutionsPolicy, given: Given) -> Iterator[Outcome]:
    """What has waited for too long, oldest first, as many as one tick may close."""
    waited = given.at - timedelta(hours=policy.wait_hours)
    for task_id, task in list(islice(state.open.items(), policy.closed_a_tick)):
        if task.since > waited:
            return
        if task.completed is not None:
            yield recorded(task_id, task)
        elif task.routed is not None:
            yield abandoned(task_id, task)
        else:
            yield execution.TaskForgotten(task_id=task_id)


def _with_routing(task: Task, given: Given) -> Task:
    return replace(
        task, routed=given.data, routed_at=given.event.time, embedding=_vector(given.enrichment, TASK)
    )


def _with_completion(task: Task, given: Given) -> Task:
    return replace(
        task,
        completed=given.data,
        completed_at=given.event.time,
        solution_embedding=_vector(given.enrichment, SOLUTION),
    )


def _vector(enrichment: Enrichment, part: str) -> Vector | None:
    embedded = enrichment.vectors.get(part)
    return None if embedded is None else embedded.vector


def _refused(task_id: str, reason: str) -> Outcome:
    return execution.TaskRefused(task_id=task_id, reason=reason)
