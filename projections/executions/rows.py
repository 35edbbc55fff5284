"""From outcomes to rows: executions as they were joined, opinions, and what is no longer kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pgvector import Vector

from projections.change import Change, Key, Statement
from projections.projection import Logged
from projections.values import as_json, vector_from
from schemas.execution import ExecutionAbandoned, ExecutionClosed, ExecutionRecorded, TaskFeedbackStored
from schemas.outcome import RetentionAdvanced
from schemas.task import TaskData


class ExecutionRow(NamedTuple):
    task_id: str
    timestamp: datetime
    task_type: str | None
    task_description: str | None
    repo: str | None
    file_count: int | None
    estimated_tokens: int | None
    model_tier: str | None
    pool_type: str | None
    pool_id: str | None
    swarm_topology: str | None
    routing_confidence: float | None
    complexity_score: float | None
    success: bool | None
    duration_seconds: float | None
    quality_score: float | None
    cost_estimate: float | None
    cost_actual: float | None
    cost_error: float | None
    error_type: str | None
    error_message: str | None
    user_accepted: bool | None
    user_rating: int | None
    peak_memory_mb: float | None
    cpu_time_seconds: float | None
    solution_summary: str | None
    embedding: Vector | None
    solution_embedding: Vector | None
    metadata: str
    recorded_at: datetime
    log_partition: int


class FeedbackRow(NamedTuple):
    id: UUID
    task_id: str
    accepted: bool | None
    rating: int | None
    comment: str | None
    by: str
    created_at: datetime
    log_partition: int


class OpinionRow(NamedTuple):
    task_id: str
    accepted: bool | None
    rating: int | None


class RetentionRow(NamedTuple):
    partition: int
    before: datetime


ROUTED = (
    *("task_type", "task_description", "repo", "file_count", "estimated_tokens", "model_tier", "pool_type"),
    *("swarm_topology", "routing_confidence", "complexity_score", "cost_estimate"),
)
"""Columns that a routing says."""

COMPLETED = (
    *("success", "duration_seconds", "quality_score", "cost_actual", "error_type", "error_message"),
    *("peak_memory_mb", "cpu_time_seconds", "solution_summary"),
)
"""Columns that a completion says."""

STORE = Statement("store_execution", ExecutionRow)
STORE_FEEDBACK = Statement("store_task_feedback", FeedbackRow)
NOTE_OPINION = Statement("note_opinion", OpinionRow)
FORGET = tuple(Statement(name, RetentionRow) for name in ("forget_executions", "forget_task_feedback"))


def kept(partition: int) -> Key:
    """All that retention may take from a partition."""
    return ("kept", partition)


def closed(log: Logged, outcome: ExecutionClosed) -> Iterator[Change]:
    """A task that ended, or that nobody waits for any more."""
    task = ("task", outcome.task_id)
    yield Change(STORE, execution_row(log, outcome), (task,), (kept(log.partition),))


def feedback(log: Logged, outcome: TaskFeedbackStored) -> Iterator[Change]:
    """The opinion itself and, if the execution is known, what it says of it."""
    data, task = log.event.data, ("task", outcome.task_id)
    row = FeedbackRow(
        outcome.id,
        outcome.task_id,
        data.accepted,
        data.rating,
        data.comment,
        data.by,
        log.event.time,
        log.partition,
    )
    yield Change(STORE_FEEDBACK, row, reads=(kept(log.partition),))
    yield Change(NOTE_OPINION, OpinionRow(outcome.task_id, data.accepted, data.rating), (task,))


def retention(log: Logged, outcome: RetentionAdvanced) -> Iterator[Change]:
    """The tasks of this partition from before that time leave."""
    for statement in FORGET:
        yield Change(statement, RetentionRow(log.partition, outcome.before), (kept(log.partition),))


def execution_row(log: Logged, outcome: ExecutionClosed) -> ExecutionRow:
    """What is not known is None."""
    ended = outcome if isinstance(outcome, ExecutionRecorded) else None
    return ExecutionRow(
        task_id=outcome.task_id,
        timestamp=outcome.timestamp,
        pool_id=outcome.pool_id,
        user_accepted=outcome.user_accepted,
        user_rating=outcome.user_rating,
        cost_error=ended.errors.cost if ended else None,
        embedding=vector_from(outcome.embedding),
        solution_embedding=vector_from(ended.solution_embedding) if ended else None,
        metadata=as_json(metadata_of(outcome)),
        recorded_at=log.at,
        log_partition=log.partition,
        **_columns(outcome.routed, ROUTED),
        **_columns(ended.completed if ended else None, COMPLETED),
    )


def _columns(said: TaskData | None, names: Iterable[str]) -> dict[str, Any]:
    return {name: None if said is None else getattr(said, name) for name in names}


def metadata_of(outcome: ExecutionClosed) -> dict[str, Any]:
    """The router's own metadata, and beside it what has no column and does not follow from columns, as errors do."""
    told: dict[str, Any] = {"routing": outcome.routed.metadata if outcome.routed else None}
    if outcome.routed is not None:
        told["predicted_duration_seconds"] = outcome.routed.predicted_duration_seconds
    if outcome.started_at is not None:
        told["started_at"] = outcome.started_at
    if type(outcome) is ExecutionAbandoned:
        told["abandoned"] = True
    if type(outcome) is ExecutionRecorded:
        told["tokens_used"] = outcome.completed.tokens_used
    return {name: value for name, value in told.items() if value is not None}
