"""From what is known of a task to the outcome that closes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from schemas import vector
from schemas.execution import ExecutionAbandoned, ExecutionRecorded, PredictionErrors
from schemas.task import TaskCompleted, TaskRouted
from schemas.vector import Vector
from streams.executions.state import Task


def recorded(task_id: str, task: Task) -> ExecutionRecorded:
    """A task that has ended, with its routing if that has come."""
    assert task.completed is not None
    assert task.completed_at is not None
    return ExecutionRecorded(
        **_closed(task_id, task, task.completed_at),
        completed=task.completed,
        errors=PredictionErrors() if task.routed is None else errors(task.routed, task.completed),
        solution_embedding=_text(task.solution_embedding),
    )


def abandoned(task_id: str, task: Task) -> ExecutionAbandoned:
    """A task whose end nobody waits for any more."""
    assert task.routed_at is not None
    return ExecutionAbandoned(**_closed(task_id, task, task.routed_at))


def errors(routed: TaskRouted, completed: TaskCompleted) -> PredictionErrors:
    """How wrong the router was about this task."""
    return PredictionErrors(
        cost=_difference(completed.cost_actual, routed.cost_estimate),
        cost_relative=_relative(completed.cost_actual, routed.cost_estimate),
        duration=_difference(completed.duration_seconds, routed.predicted_duration_seconds),
        duration_relative=_relative(completed.duration_seconds, routed.predicted_duration_seconds),
        brier=(routed.routing_confidence - completed.success) ** 2,
    )


def _difference(actual: float | None, predicted: float | None) -> float | None:
    return None if actual is None or predicted is None else actual - predicted


def _relative(actual: float | None, predicted: float | None) -> float | None:
    return None if actual is None or not predicted else (actual - predicted) / predicted


def _closed(task_id: str, task: Task, timestamp: datetime) -> dict[str, Any]:
    return {
        "task_id": task_id,
        "timestamp": timestamp,
        "routed": task.routed,
        "pool_id": task.started.pool_id if task.started else None,
        "started_at": task.started.started_at if task.started else None,
        "user_accepted": task.accepted,
        "user_rating": task.rating,
        "embedding": _text(task.embedding),
    }


def _text(found: Vector | None) -> str | None:
    return None if found is None else vector.to_text(found)
