"""Feedback, corrections, calls and responses: events that become rows with their own ids."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pgvector import Vector

from projections.change import Change, Statement
from projections.learning import keys
from projections.learning.conversations import conversation_seen, shop_seen
from projections.learning.values import vector_of
from projections.projection import Logged
from projections.values import as_json
from schemas.call import CallTranscribed
from schemas.stored import CallStored, CorrectionStored, FeedbackStored, ResponseStored


class FeedbackRow(NamedTuple):
    shop_id: int
    id: UUID
    conversation_id: UUID
    feedback_type: str
    rating: int | None
    reason: str | None
    metadata: str
    created_at: datetime


class CorrectionRow(NamedTuple):
    shop_id: int
    id: UUID
    conversation_id: UUID
    original_response: str
    corrected_answer: str
    priority: str
    correction_context: str | None
    metadata: str
    created_at: datetime


class CallRow(NamedTuple):
    shop_id: int
    id: UUID
    conversation_id: UUID | None
    transcript: str
    processed_summary: str | None
    embedding: Vector | None
    sentiment: str
    entities: str
    learning_insights: str
    metadata: str
    created_at: datetime


class ResponseRow(NamedTuple):
    shop_id: int
    id: UUID
    conversation_id: UUID
    response_text: str
    response_type: str
    user_engagement_score: float | None
    led_to_conversion: bool | None
    response_time_ms: int | None
    ab_test_variant: str | None
    metrics: str
    created_at: datetime


STORE_FEEDBACK = Statement("store_feedback", FeedbackRow)
STORE_CORRECTION = Statement("store_correction", CorrectionRow)
STORE_CALL = Statement("store_call", CallRow)
STORE_RESPONSE = Statement("store_response", ResponseRow)


def feedback(log: Logged, outcome: FeedbackStored) -> Iterator[Change]:
    event, shop_id = log.event, outcome.shop_id
    data = event.data
    yield shop_seen(log, shop_id)
    yield conversation_seen(shop_id, data.conversation_id)
    row = FeedbackRow(
        shop_id,
        outcome.id,
        data.conversation_id,
        data.feedback_type,
        data.rating,
        data.reason,
        as_json(data.metadata),
        event.time,
    )
    reads = (keys.conversation(shop_id, data.conversation_id), keys.kept(log.partition))
    yield Change(STORE_FEEDBACK, row, reads=reads)


def correction(log: Logged, outcome: CorrectionStored) -> Iterator[Change]:
    event, shop_id = log.event, outcome.shop_id
    data = event.data
    yield shop_seen(log, shop_id)
    yield conversation_seen(shop_id, data.conversation_id)
    row = CorrectionRow(
        shop_id,
        outcome.id,
        data.conversation_id,
        data.original_response,
        data.corrected_answer,
        data.priority,
        data.correction_context,
        as_json(data.metadata),
        event.time,
    )
    writes = (keys.correction(shop_id, outcome.id),)
    reads = (keys.conversation(shop_id, data.conversation_id), keys.kept(log.partition))
    yield Change(STORE_CORRECTION, row, writes, reads)


def call(log: Logged, outcome: CallStored) -> Iterator[Change]:
    event, shop_id = log.event, outcome.shop_id
    data = event.data
    reads = [keys.kept(log.partition)]
    yield shop_seen(log, shop_id)
    if data.conversation_id is not None:
        yield conversation_seen(shop_id, data.conversation_id)
        reads.append(keys.conversation(shop_id, data.conversation_id))
    row = CallRow(
        shop_id,
        outcome.id,
        data.conversation_id,
        data.transcript,
        data.processed_summary,
        vector_of(log, "document"),
        outcome.sentiment,
        as_json(data.entities),
        as_json(insights_of(data)),
        as_json(data.metadata),
        event.time,
    )
    yield Change(STORE_CALL, row, reads=tuple(reads))


def insights_of(data: CallTranscribed) -> dict[str, Any]:
    """What a call taught: its insights and, among them, the question and the answer that it was decided by."""
    own = {"question": data.question, "suggested_answer": data.suggested_answer}
    return data.learning_insights | {name: said for name, said in own.items() if said is not None}


def response(log: Logged, outcome: ResponseStored) -> Iterator[Change]:
    event, shop_id = log.event, outcome.shop_id
    data = event.data
    yield shop_seen(log, shop_id)
    yield conversation_seen(shop_id, data.conversation_id)
    row = ResponseRow(
        shop_id,
        outcome.id,
        data.conversation_id,
        data.response_text,
        data.response_type,
        data.user_engagement_score,
        data.led_to_conversion,
        data.response_time_ms,
        data.ab_test_variant,
        as_json(data.metrics),
        event.time,
    )
    reads = (keys.conversation(shop_id, data.conversation_id), keys.kept(log.partition))
    yield Change(STORE_RESPONSE, row, reads=reads)
