"""What services send, one model for each type of event.

Generated from docs/schemas by `relearn schemas write`; not to be edited.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from relearn_client.event import EventData, FreeObject, Part, ShopData, TaskData

Role = Literal["user", "assistant", "owner"]
FeedbackType = Literal["thumbs_up", "thumbs_down", "star_rating", "emoji"]
Priority = Literal["low", "normal", "high", "urgent"]
Sentiment = Literal["positive", "neutral", "negative", "mixed"]
Origin = Literal["person", "assistant"]
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


class Message(Part):
    """One turn."""

    role: Role
    content: Annotated[str, Field(max_length=32_000)]


class ConversationRecorded(ShopData):
    """Sent again with more messages, the latest wins; only messages beyond those decided are decided on."""

    TYPE: ClassVar[str] = "relearn.conversation.recorded.v1"
    TOPIC: ClassVar[str] = "learning.events"

    conversation_id: UUID
    user_id: Annotated[str, Field(min_length=1, max_length=200)]
    channel: Annotated[str, Field(min_length=1, max_length=200)]
    messages: Annotated[list[Message], Field(max_length=500)]
    actor_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """the person or customer behind it"""
    cited_knowledge_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)
    """what the assistant had quoted"""
    handoff: bool = False
    metadata: FreeObject = Field(default_factory=dict)
    summary: Annotated[str, Field(max_length=32_000)] | None = None


class FeedbackGiven(ShopData):
    """A thumb, stars or an emoji, with what was asked and answered so that the log stands alone."""

    TYPE: ClassVar[str] = "relearn.feedback.given.v1"
    TOPIC: ClassVar[str] = "learning.events"

    conversation_id: UUID
    feedback_type: FeedbackType
    actor_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """the person or customer behind it"""
    category: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    cited_knowledge_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)
    """what the assistant had quoted"""
    metadata: FreeObject = Field(default_factory=dict)
    question: Annotated[str, Field(max_length=32_000)] | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    reason: Annotated[str, Field(max_length=32_000)] | None = None
    response: Annotated[str, Field(max_length=32_000)] | None = None
    suggested_answer: Annotated[str, Field(max_length=32_000)] | None = None


class ResponseCorrected(ShopData):
    """An owner's correction of one response."""

    TYPE: ClassVar[str] = "relearn.response.corrected.v1"
    TOPIC: ClassVar[str] = "learning.events"

    conversation_id: UUID
    original_response: Annotated[str, Field(max_length=32_000)]
    corrected_answer: Annotated[str, Field(min_length=1, max_length=32_000)]
    actor_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """the person or customer behind it"""
    category: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    cited_knowledge_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)
    """what the assistant had quoted"""
    correction_context: Annotated[str, Field(max_length=32_000)] | None = None
    metadata: FreeObject = Field(default_factory=dict)
    priority: Priority = "normal"
    question: Annotated[str, Field(max_length=32_000)] | None = None


class CallTranscribed(ShopData):
    """A missing sentiment is computed by the enricher's analyser. Nothing is decided by the insights."""

    TYPE: ClassVar[str] = "relearn.call.transcribed.v2"
    TOPIC: ClassVar[str] = "learning.events"

    transcript: Annotated[str, Field(min_length=1, max_length=32_000)]
    actor_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """the person or customer behind it"""
    cited_knowledge_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)
    """what the assistant had quoted"""
    conversation_id: UUID | None = None
    entities: FreeObject = Field(default_factory=dict)
    learning_insights: FreeObject = Field(default_factory=dict)
    metadata: FreeObject = Field(default_factory=dict)
    processed_summary: Annotated[str, Field(max_length=32_000)] | None = None
    question: Annotated[str, Field(max_length=32_000)] | None = None
    sentiment: Sentiment | None = None
    suggested_answer: Annotated[str, Field(max_length=32_000)] | None = None


class ResponseServed(ShopData):
    """Analytics only: nothing is learned from the assistant's own words."""

    TYPE: ClassVar[str] = "relearn.response.served.v1"
    TOPIC: ClassVar[str] = "learning.events"

    conversation_id: UUID
    response_text: Annotated[str, Field(max_length=32_000)]
    response_type: Annotated[str, Field(min_length=1, max_length=50)]
    ab_test_variant: Annotated[str, Field(min_length=1, max_length=50)] | None = None
    actor_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """the person or customer behind it"""
    cited_knowledge_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)
    """what the assistant had quoted"""
    led_to_conversion: bool | None = None
    metrics: FreeObject = Field(default_factory=dict)
    response_time_ms: Annotated[int, Field(ge=0, le=2_147_483_647)] | None = None
    user_engagement_score: Annotated[float, Field(ge=0, le=100)] | None = None


class KnowledgeProposed(ShopData):
    """A piece of knowledge for reviewers to look at."""

    TYPE: ClassVar[str] = "relearn.knowledge.proposed.v1"
    TOPIC: ClassVar[str] = "learning.events"

    content: Annotated[str, Field(min_length=1, max_length=32_000)]
    actor_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """the person or customer behind it"""
    category: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    cited_knowledge_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)
    """what the assistant had quoted"""
    note: Annotated[str, Field(max_length=32_000)] | None = None
    origin: Origin = "person"
    question: Annotated[str, Field(max_length=32_000)] | None = None


class KnowledgeImported(ShopData):
    """Knowledge at once, or once two have seen it. The same (source, external_id) again replaces it."""

    TYPE: ClassVar[str] = "relearn.knowledge.imported.v1"
    TOPIC: ClassVar[str] = "learning.events"

    content: Annotated[str, Field(min_length=1, max_length=32_000)]
    source: Annotated[str, Field(min_length=1, max_length=200)]
    actor_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """the person or customer behind it"""
    category: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    cited_knowledge_ids: Annotated[list[UUID], Field(max_length=100)] = Field(default_factory=list)
    """what the assistant had quoted"""
    external_id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    question: Annotated[str, Field(max_length=32_000)] | None = None


class TaskRouted(TaskData):
    """A task was given to a model and a pool, and what was expected of it."""

    TYPE: ClassVar[str] = "relearn.task.routed.v1"
    TOPIC: ClassVar[str] = "tasks.events"

    task_id: Annotated[str, Field(min_length=1, max_length=200)]
    task_type: Annotated[str, Field(min_length=1, max_length=200)]
    task_description: Annotated[str, Field(min_length=1, max_length=32_000)]
    repo: Annotated[str, Field(min_length=1, max_length=200)]
    file_count: Annotated[int, Field(ge=0, le=2_147_483_647)]
    estimated_tokens: Annotated[int, Field(ge=0, le=2_147_483_647)]
    model_tier: Annotated[str, Field(min_length=1, max_length=50)]
    """small, medium, large or any other name"""
    pool_type: Annotated[str, Field(min_length=1, max_length=50)]
    routing_confidence: Annotated[float, Field(ge=0, le=1)]
    """how likely the router held success to be"""
    complexity_score: Annotated[float, Field(ge=0, le=100)] | None = None
    cost_estimate: Annotated[float, Field(ge=0, le=1_000_000_000_000)] | None = None
    metadata: FreeObject = Field(default_factory=dict)
    predicted_duration_seconds: Annotated[float, Field(ge=0, le=1_000_000_000_000)] | None = None
    swarm_topology: Annotated[str, Field(min_length=1, max_length=50)] | None = None


class TaskStarted(TaskData):
    """A pool has begun with a task."""

    TYPE: ClassVar[str] = "relearn.task.started.v1"
    TOPIC: ClassVar[str] = "tasks.events"

    task_id: Annotated[str, Field(min_length=1, max_length=200)]
    pool_id: Annotated[str, Field(min_length=1, max_length=200)]
    started_at: AwareDatetime


class TaskCompleted(TaskData):
    """A task has ended, well or not."""

    TYPE: ClassVar[str] = "relearn.task.completed.v1"
    TOPIC: ClassVar[str] = "tasks.events"

    task_id: Annotated[str, Field(min_length=1, max_length=200)]
    success: bool
    duration_seconds: Annotated[float, Field(ge=0, le=1_000_000_000_000)]
    cost_actual: Annotated[float, Field(ge=0, le=1_000_000_000_000)] | None = None
    cpu_time_seconds: Annotated[float, Field(ge=0, le=1_000_000_000_000)] | None = None
    error_message: Annotated[str, Field(max_length=32_000)] | None = None
    error_type: ErrorType | None = None
    peak_memory_mb: Annotated[float, Field(ge=0, le=1_000_000_000_000)] | None = None
    quality_score: Annotated[float, Field(ge=0, le=100)] | None = None
    solution_summary: Annotated[str, Field(max_length=32_000)] | None = None
    tokens_used: Annotated[int, Field(ge=0, le=2_147_483_647)] | None = None


class TaskFeedbackGiven(TaskData):
    """What somebody thinks of a task's result."""

    TYPE: ClassVar[str] = "relearn.task.feedback-given.v1"
    TOPIC: ClassVar[str] = "tasks.events"

    task_id: Annotated[str, Field(min_length=1, max_length=200)]
    by: Annotated[str, Field(min_length=1, max_length=200)]
    accepted: bool | None = None
    comment: Annotated[str, Field(max_length=32_000)] | None = None
    rating: Annotated[int, Field(ge=1, le=5)] | None = None


EVENTS: tuple[type[EventData], ...] = (
    ConversationRecorded,
    FeedbackGiven,
    ResponseCorrected,
    CallTranscribed,
    ResponseServed,
    KnowledgeProposed,
    KnowledgeImported,
    TaskRouted,
    TaskStarted,
    TaskCompleted,
    TaskFeedbackGiven,
)
"""Every type of event."""
