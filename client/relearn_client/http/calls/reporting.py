"""What services report, as a model of `relearn_client.models` or as its fields.

All take `shop` (may be left out with a key of one shop), `wait` (seconds until the effect must be visible; the API
waits for 30 at most) and an `idempotency_key` of one's own, by which the same report is decided once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from relearn_client.event import E, model_of
from relearn_client.http.call import Write, writing
from relearn_client.models import (
    CallTranscribed,
    ConversationRecorded,
    FeedbackGiven,
    KnowledgeProposed,
    ResponseCorrected,
    ResponseServed,
    TaskCompleted,
    TaskFeedbackGiven,
    TaskRouted,
    TaskStarted,
)


class Correction(ResponseCorrected):
    """What should have been answered; question and answer are looked up where they are not said."""

    original_response: Annotated[str, Field(max_length=32_000)] | None = None  # type: ignore[assignment]


def conversation(
    event: ConversationRecorded | None = None,
    /,
    *,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """A conversation so far; sent again with more messages, the latest wins."""
    said = _said(ConversationRecorded, event, fields, shop)
    return writing("/api/conversations", said, wait, idempotency_key)


def call(
    event: CallTranscribed | None = None,
    /,
    *,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """A telephone call, transcribed."""
    said = _said(CallTranscribed, event, fields, shop)
    return writing("/api/transcripts", said, wait, idempotency_key)


def response(
    event: ResponseServed | None = None,
    /,
    *,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """An answer that the assistant gave, with how it did."""
    said = _said(ResponseServed, event, fields, shop)
    return writing("/api/responses", said, wait, idempotency_key)


def feedback(
    event: FeedbackGiven | None = None,
    /,
    *,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """A customer's reaction to one answer. Question and response are those of the conversation's last exchange, if it
    is known, where they are not said.
    """
    said = _said(FeedbackGiven, event, fields, shop)
    return writing("/api/feedback/rating", said, wait, idempotency_key)


def correction(
    event: ResponseCorrected | None = None,
    /,
    *,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """What should have been answered. Question and original response are found as those of feedback are."""
    kind = Correction if event is None else ResponseCorrected
    said = _said(kind, event, fields, shop)
    return writing("/api/feedback/correction", said, wait, idempotency_key)


def propose(
    event: KnowledgeProposed | None = None,
    /,
    *,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """A piece of knowledge for reviewers to look at."""
    said = _said(KnowledgeProposed, event, fields, shop)
    return writing("/api/knowledge", said, wait, idempotency_key)


def task_routed(
    event: TaskRouted | None = None,
    /,
    *,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """A task was given to a model and a pool, and what was expected of it."""
    return writing("/api/tasks/routed", _said(TaskRouted, event, fields), wait, idempotency_key)


def task_started(
    event: TaskStarted | None = None,
    /,
    *,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """A pool has begun with a task."""
    return writing("/api/tasks/started", _said(TaskStarted, event, fields), wait, idempotency_key)


def task_completed(
    event: TaskCompleted | None = None,
    /,
    *,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """A task has ended, well or not."""
    return writing("/api/tasks/completed", _said(TaskCompleted, event, fields), wait, idempotency_key)


def task_feedback(
    event: TaskFeedbackGiven | None = None,
    /,
    *,
    wait: float | None = None,
    idempotency_key: str | None = None,
    **fields: Any,
) -> Write:
    """What somebody thinks of a task's result."""
    return writing("/api/tasks/feedback", _said(TaskFeedbackGiven, event, fields), wait, idempotency_key)


def _said(
    kind: type[E], event: E | None, fields: Mapping[str, Any], shop: int | None = None
) -> dict[str, object]:
    data: dict[str, object] = model_of(kind, event, fields).model_dump(mode="json")
    return data | {"shop_id": shop}
