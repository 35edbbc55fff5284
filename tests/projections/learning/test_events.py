"""Events become rows; conversations may come after what refers to them; retention forgets."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import asyncpg

from projections.writer import Writer
from schemas.call import CallTranscribed
from schemas.conversation import ConversationRecorded, Message
from schemas.correction import ResponseCorrected
from schemas.feedback import FeedbackGiven
from schemas.response import ResponseServed
from schemas.stored import CallStored, ConversationStored, CorrectionStored, FeedbackStored, ResponseStored
from tests.projections.learning.shown import content
from tests.projections.learning_log import NOON, SHOP, Log, vector

CONVERSATION = UUID(int=500)


async def show(writer: Writer, *logs: Log) -> None:
    for log in logs:
        at = await writer.position(log.partition)
        await writer.apply(log.partition, at, log.entries[at.seq :])


def converse(log: Log, *said: str, shop: int = SHOP, time: Any = None) -> None:
    data = ConversationRecorded(
        conversation_id=CONVERSATION,
        user_id="u1",
        channel="web",
        messages=[Message(role="user", content=words) for words in said],
        summary="about refunds",
        metadata={"lang": "en"},
    )
    outcome = ConversationStored(
        shop_id=shop, id=CONVERSATION, messages=len(said), review_reasons=("handoff",)
    )
    log.add(log.event(data, shop, time), outcome, vectors={"document": len(said)})


def give_feedback(log: Log, shop: int = SHOP, time: Any = None) -> UUID:
    data = FeedbackGiven(
        conversation_id=CONVERSATION,
        feedback_type="star_rating",
        rating=2,
        reason="slow",
        metadata={"page": 1},
    )
    event = log.event(data, shop, time)
    log.add(event, FeedbackStored(shop_id=shop, id=event.id))
    return event.id


def respond(log: Log, shop: int = SHOP, time: Any = None) -> UUID:
    data = ResponseServed(
        conversation_id=CONVERSATION,
        response_text="5 days",
        response_type="chat",
        user_engagement_score=12.5,
        led_to_conversion=True,
        response_time_ms=80,
        ab_test_variant="a",
        metrics={"tokens": 9},
    )
    event = log.event(data, shop, time)
    log.add(event, ResponseStored(shop_id=shop, id=event.id))
    return event.id


def transcribe(log: Log, shop: int = SHOP, time: Any = None, conversation: UUID | None = None) -> UUID:
    data = CallTranscribed(
        conversation_id=conversation,
        transcript="hello",
        entities={"order": 7},
        question="How long?",
        learning_insights={"mood": "low", "why": None},
    )
    event = log.event(data, shop, time)
    stored = CallStored(shop_id=shop, id=event.id, sentiment="negative", analyser="vader")
    log.add(event, stored, vectors={"document": 8})
    return event.id


async def test_a_conversation_is_first_a_stub_and_then_itself(pool: asyncpg.Pool, writer: Writer) -> None:
    log = Log().opened()
    give_feedback(log)
    await show(writer, log)
    stub = await pool.fetchrow("SELECT * FROM conversation_memory")
    assert (stub["shop_id"], stub["id"], stub["transcript"], stub["created_at"]) == (
        SHOP,
        CONVERSATION,
        None,
        None,
    )

    converse(log, "one")
    converse(log, "one", "two")
    give_feedback(log)
    await show(writer, log)
    row = await pool.fetchrow("SELECT * FROM conversation_memory")
    assert (row["transcript"], row["summary"], row["channel"]) == (
        "user: one\nuser: two",
        "about refunds",
        "web",
    )
    assert row["metadata"] == {"lang": "en", "review_reasons": ["handoff"]}
    assert (row["embedding"].to_numpy() == vector(2)).all()
    assert row["created_at"] == log.records[3].event.time  # type: ignore[union-attr]


async def test_feedback_responses_and_calls_are_stored_as_sent(pool: asyncpg.Pool, writer: Writer) -> None:
    log = Log().opened()
    feedback, response = give_feedback(log), respond(log)
    call, another = transcribe(log, conversation=CONVERSATION), transcribe(log)
    await show(writer, log)

    row = await pool.fetchrow("SELECT * FROM conversation_feedback")
    assert (row["id"], row["feedback_type"], row["rating"], row["reason"]) == (
        feedback,
        "star_rating",
        2,
        "slow",
    )
    assert row["metadata"] == {"page": 1}
    row = await pool.fetchrow("SELECT * FROM response_analytics")
    assert (row["id"], row["user_engagement_score"], row["led_to_conversion"]) == (response, 12.5, True)
    assert (row["response_time_ms"], row["ab_test_variant"], row["metrics"]) == (80, "a", {"tokens": 9})
    rows = {row["id"]: row for row in await pool.fetch("SELECT * FROM voice_transcripts")}
    assert (rows[call]["conversation_id"], rows[another]["conversation_id"]) == (CONVERSATION, None)
    assert rows[call]["sentiment"] == "negative"
    assert rows[call]["learning_insights"] == {"question": "How long?", "mood": "low", "why": None}
    assert (rows[call]["embedding"].to_numpy() == vector(8)).all()


async def test_months_come_with_their_rows(pool: asyncpg.Pool, writer: Writer) -> None:
    log = Log().opened()
    for days in (0, 40, 400, -3000):
        give_feedback(log, time=NOON + timedelta(days=days))
    await show(writer, log)
    found = await pool.fetch("SELECT DISTINCT tableoid::REGCLASS::TEXT AS name FROM conversation_feedback")
    assert sorted(row["name"] for row in found) == [
        "conversation_feedback_2018_09",
        "conversation_feedback_2026_11",
        "conversation_feedback_2026_12",
        "conversation_feedback_2027_12",
    ]


async def test_retention_forgets_words_of_its_own_partition_only(pool: asyncpg.Pool, writer: Writer) -> None:
    ours, theirs = Log(0).opened(), Log(1).opened()
    old, shops = NOON - timedelta(days=400), ((ours, 1), (theirs, 2))
    for log, shop in shops:
        for store in (give_feedback, respond, transcribe):
            store(log, shop, old)
            store(log, shop, NOON)
        converse(log, "one", shop=shop, time=old)
        data = ResponseCorrected(conversation_id=CONVERSATION, original_response="a", corrected_answer="b")
        event = log.event(data, shop, old)
        log.add(event, CorrectionStored(shop_id=shop, id=event.id))
    ours.retain(NOON - timedelta(days=365))
    late = give_feedback(ours, 1, old)
    await show(writer, ours, theirs)

    for table in ("conversation_feedback", "response_analytics", "voice_transcripts"):
        counts = dict(await pool.fetch(f"SELECT shop_id, count(*) FROM {table} GROUP BY shop_id"))
        assert counts == {1: 2 if table == "conversation_feedback" else 1, 2: 2}
    assert await pool.fetchval("SELECT count(*) FROM conversation_feedback WHERE id = $1", late) == 1
    words = dict(await pool.fetch("SELECT shop_id, transcript FROM conversation_memory"))
    assert words == {1: None, 2: "user: one"}
    assert await pool.fetchval("SELECT count(*) FROM owner_corrections") == 2


async def test_no_words_are_in_the_audit(pool: asyncpg.Pool, writer: Writer) -> None:
    log = Log().opened()
    converse(log, "Geheimnis")
    give_feedback(log)
    transcribe(log)
    await show(writer, log)
    audit = (await content(pool))["learning_audit_log"]
    assert len(audit) == 4
    assert not [row for row in audit if "Geheimnis" in str(row) or "slow" in str(row) or "hello" in str(row)]
    assert {row["action"] for row in audit} == {
        "PolicyAdopted",
        "ConversationStored",
        "FeedbackStored",
        "CallStored",
    }
