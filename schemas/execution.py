"""What the executions decider decides: which outcome belongs to which routing, and what became of the rest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict

from schemas.enriched import Embedded
from schemas.fields import Id
from schemas.outcome import GENERAL, Outcome
from schemas.task import TaskCompleted, TaskRouted
from schemas.vector import to_text


class PredictionErrors(BaseModel):
    """How wrong the router was; what cannot be known is none. Differences are actual minus predicted."""

    model_config = ConfigDict(frozen=True)

    cost: float | None = None
    cost_relative: float | None = None
    """Of the estimate; none where that is 0."""
    duration: float | None = None
    """Seconds."""
    duration_relative: float | None = None
    brier: float | None = None
    """The square of the difference between the routing's confidence and success, which is 0 or 1."""


class TaskOutcome(Outcome):
    """Something decided about one task."""

    ENTITY: ClassVar[str] = "task"
    task_id: str

    @property
    def entity_id(self) -> str:
        return self.task_id


class RoutingKept(TaskOutcome):
    """The task waits for its end."""

    kind: Literal["RoutingKept"] = "RoutingKept"


class StartKept(TaskOutcome):
    """Where the task runs is known, and waits for the rest."""

    kind: Literal["StartKept"] = "StartKept"


class CompletionKept(TaskOutcome):
    """The task's end waits for its routing."""

    kind: Literal["CompletionKept"] = "CompletionKept"


class TaskFeedbackStored(TaskOutcome):
    """The opinion became a row, and what it says of the execution is the latest. `id` is the event's."""

    kind: Literal["TaskFeedbackStored"] = "TaskFeedbackStored"
    id: Id


class TaskRefused(TaskOutcome):
    """The task is closed, or this was said of it before; nothing changes."""

    kind: Literal["TaskRefused"] = "TaskRefused"
    reason: str


class ExecutionClosed(TaskOutcome):
    """All that is known of a task that nobody waits for any more."""

    timestamp: datetime
    """When it ended by its completion's own time; without one, when it was routed."""
    routed: TaskRouted | None = None
    pool_id: str | None = None
    started_at: datetime | None = None
    user_accepted: bool | None = None
    user_rating: int | None = None
    embedding: str | None = None
    """The vector of type and description (base64 of float32, little-endian)."""

    @property
    def carried(self) -> Mapping[str, str]:
        return {} if self.routed is None or self.embedding is None else {"embedding": self.routed.words}

    def with_vectors(self, vectors: Mapping[str, Embedded]) -> Self:
        return self.model_copy(update={name: to_text(each.vector) for name, each in vectors.items()})


class ExecutionRecorded(ExecutionClosed):
    """Routing and end of a task, joined, once; or its end alone, when its routing never came."""

    kind: Literal["ExecutionRecorded"] = "ExecutionRecorded"
    completed: TaskCompleted
    errors: PredictionErrors = PredictionErrors()
    solution_embedding: str | None = None
    """The vector of the solution's summary."""

    @property
    def carried(self) -> Mapping[str, str]:
        summary = self.completed.solution_summary
        if summary is None or self.solution_embedding is None:
            return super().carried
        return {**super().carried, "solution_embedding": summary}


class ExecutionAbandoned(ExecutionClosed):
    """A task was routed, and nobody said in time how it ended."""

    kind: Literal["ExecutionAbandoned"] = "ExecutionAbandoned"


class TaskForgotten(TaskOutcome):
    """Only starts or opinions came of this task, and nothing more is waited for."""

    kind: Literal["TaskForgotten"] = "TaskForgotten"


OUTCOMES: tuple[type[Outcome], ...] = (
    *GENERAL,
    RoutingKept,
    StartKept,
    CompletionKept,
    TaskFeedbackStored,
    TaskRefused,
    ExecutionRecorded,
    ExecutionAbandoned,
    TaskForgotten,
)
"""Everything that a record of this domain may say."""
