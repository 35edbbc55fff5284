"""How each outcome changes the state. The only writer of it, both when deciding and when folding the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from schemas import execution
from schemas.enriched import Enrichment
from schemas.outcome import GENERAL, Outcome
from schemas.vector import Vector
from streams.domain import Given
from streams.executions.state import State, Task

TASK, SOLUTION = "task", "solution"
"""The parts of an event that the enricher embeds."""


def evolve(state: State, given: Given, outcome: Outcome) -> None:
    """Changes the state by one outcome."""
    EVOLVE[type(outcome)](state, given, outcome)


def route(task: Task, given: Given) -> Task:
    """The task, with its routing from now on."""
    task.routed, task.routed_at = given.data, given.event.time
    task.embedding = _vector(given.enrichment, TASK)
    return task


def complete(task: Task, given: Given) -> Task:
    """The task, with its end from now on."""
    task.completed, task.completed_at = given.data, given.event.time
    task.solution_embedding = _vector(given.enrichment, SOLUTION)
    return task


def _vector(enrichment: Enrichment, part: str) -> Vector | None:
    embedded = enrichment.vectors.get(part)
    return None if embedded is None else embedded.vector


def routing_kept(state: State, given: Given, outcome: execution.RoutingKept) -> None:
    route(state.task(outcome.task_id, given.at), given)


def start_kept(state: State, given: Given, outcome: execution.StartKept) -> None:
    state.task(outcome.task_id, given.at).started = given.data


def completion_kept(state: State, given: Given, outcome: execution.CompletionKept) -> None:
    complete(state.task(outcome.task_id, given.at), given)


def feedback_stored(state: State, given: Given, outcome: execution.TaskFeedbackStored) -> None:
    if outcome.task_id not in state.closed:
        state.task(outcome.task_id, given.at).hear(given.data)


def closed(state: State, given: Given, outcome: execution.ExecutionClosed) -> None:
    state.close(outcome.task_id, given.at)


def forgotten(state: State, given: Given, outcome: execution.TaskForgotten) -> None:
    state.open.pop(outcome.task_id)


def nothing(state: State, given: Given, outcome: Outcome) -> None:
    """The outcome is told and changes nothing."""


EVOLVE: Mapping[type[Outcome], Callable[[State, Given, Any], None]] = {
    **dict.fromkeys(GENERAL, nothing),
    execution.RoutingKept: routing_kept,
    execution.StartKept: start_kept,
    execution.CompletionKept: completion_kept,
    execution.TaskFeedbackStored: feedback_stored,
    execution.TaskRefused: nothing,
    execution.ExecutionRecorded: closed,
    execution.ExecutionAbandoned: closed,
    execution.TaskForgotten: forgotten,
}
