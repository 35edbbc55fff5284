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
from schemas.topics import CONCERNING_ALL, EXECUTIONS
from streams.domain import Feed, Given
from streams.executions.evolve import complete, evolve, route
from streams.executions.joining import abandoned, recorded
from streams.executions.state import State


def on_routing(state: State, given: Given) -> Iterator[Outcome]:
    data: TaskRouted = given.data
    known = state.open.get(data.task_id)
    if known is not None and known.routed is not None:
        yield _refused(data.task_id, "it was routed before")
    elif known is not None and known.completed is not None:
        yield recorded(data.task_id, route(replace(known), given))
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
        yield recorded(data.task_id, complete(replace(known), given))
    else:
        yield execution.CompletionKept(task_id=data.task_id)


def on_feedback(state: State, given: Given) -> Iterator[Outcome]:
    yield execution.TaskFeedbackStored(task_id=given.data.task_id, id=given.event.id)


ON_OPEN: Mapping[type[EventData], Callable[[State, Given], Iterator[Outcome]]] = {
    TaskRouted: on_routing,
    TaskStarted: on_start,
    TaskCompleted: on_completion,
    TaskFeedbackGiven: on_feedback,
}
"""What is decided about a task that is not closed."""


def on_closed(state: State, given: Given) -> Iterator[Outcome]:
    yield _refused(given.data.task_id, "it is closed")


ON_CLOSED = dict.fromkeys(ON_OPEN, on_closed) | {TaskFeedbackGiven: on_feedback}
"""What is decided about one that is: opinions are welcome at any time."""


def on_tick(state: State, policy: ExecutionsPolicy, given: Given) -> Iterator[Outcome]:
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


def nothing_more(state: State, policy: ExecutionsPolicy, given: Given) -> Iterator[Outcome]:
    """The loop decides about this input for every domain alike."""
    yield from ()


DECIDE_FOR_ALL: Mapping[type[EventData], Callable[[State, ExecutionsPolicy, Given], Iterator[Outcome]]] = {
    **dict.fromkeys(CONCERNING_ALL, nothing_more),
    control.Tick: on_tick,
}
"""What is decided about a whole partition."""


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
        kind = type(given.data)
        if (about_all := DECIDE_FOR_ALL.get(kind)) is not None:
            return about_all(state, policy, given)
        about = ON_CLOSED if given.data.task_id in state.closed else ON_OPEN
        return about[kind](state, given)

    def observe(self, state: State, policy: ExecutionsPolicy, given: Given) -> None:
        """Closed tasks are remembered for so long."""
        if type(given.data) is control.Tick:
            state.forget_closed(given.at, timedelta(days=policy.closed_days))

    def evolve(self, state: State, given: Given, outcome: Outcome) -> None:
        evolve(state, given, outcome)

    def feeds(self, state: State, given: Given, outcome: Outcome) -> Iterator[Feed]:
        """The log itself is what others subscribe to."""
        yield from ()

    def erasures(self, records: Iterable[Record]) -> bool:
        """Nobody is ever erased here: tasks are of machines."""
        return False

    def erased(self, record: Record, erasures: bool) -> Record:
        return record


def _refused(task_id: str, reason: str) -> Outcome:
    return execution.TaskRefused(task_id=task_id, reason=reason)
