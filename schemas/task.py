"""What an orchestrator says of a task: where it was routed, that it began, how it ended, what people thought."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from schemas.event import EventData
from schemas.fields import FilledText, Instant, Label, Metadata, Name, Score, Text

ErrorType = Literal[
    "timeout",
    "resource_exhausted",
    "validation",
    "dependency",
    "permission",
    "model_error",
    "cancelled",
    "unknown",
]
Count = Annotated[int, Field(ge=0, le=2**31 - 1)]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Confidence = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class TaskData(EventData):
    """Data of an event about one task. The envelope's `subject` is the task's id, too."""

    task_id: Name


class TaskRouted(TaskData):
    """A task was given to a model and a pool, and what was expected of it."""

    TYPE: ClassVar[str] = "relearn.task.routed.v1"

    task_type: Name
    task_description: FilledText
    repo: Name
    file_count: Count
    estimated_tokens: Count
    model_tier: Label = Field(description="small, medium, large or any other name")
    pool_type: Label
    swarm_topology: Label | None = None
    routing_confidence: Confidence = Field(description="how likely the router held success to be")
    complexity_score: Score | None = None
    cost_estimate: Amount | None = None
    predicted_duration_seconds: Amount | None = None
    metadata: Metadata = Field(default_factory=dict)

    @property
    def words(self) -> str:
        """What the task is about, as it is compared with others."""
        return f"{self.task_type}: {self.task_description}"


class TaskStarted(TaskData):
    """A pool has begun with a task."""

    TYPE: ClassVar[str] = "relearn.task.started.v1"

    pool_id: Name
    started_at: Instant


class TaskCompleted(TaskData):
    """A task has ended, well or not."""

    TYPE: ClassVar[str] = "relearn.task.completed.v1"

    success: bool
    duration_seconds: Amount
    quality_score: Score | None = None
    cost_actual: Amount | None = None
    error_type: ErrorType | None = None
    error_message: Text | None = None
    peak_memory_mb: Amount | None = None
    cpu_time_seconds: Amount | None = None
    solution_summary: Text | None = None
    tokens_used: Count | None = None


class TaskFeedbackGiven(TaskData):
    """What somebody thinks of a task's result."""

    TYPE: ClassVar[str] = "relearn.task.feedback-given.v1"

    accepted: bool | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    comment: Text | None = None
    by: Name
