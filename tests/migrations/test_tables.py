"""The tables refuse what must not be, and have the indexes that the contract names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from asyncpg.exceptions import CheckViolationError, ForeignKeyViolationError, RestrictViolationError

from runtime.migration import Migrator

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
INDEXES = {
    "idx_feedback_conversation",
    "idx_feedback_type",
    "idx_feedback_created_at",
    "idx_feedback_type_created",
    "idx_corrections_conversation",
    "idx_corrections_priority",
    "idx_corrections_applied_at",
    "idx_corrections_priority_created",
    "idx_corrections_pending",
    "idx_learning_status",
    "idx_learning_shop_id",
    "idx_learning_source_type",
    "idx_learning_status_created",
    "idx_learning_created_at",
    "idx_learning_confidence",
    "idx_learning_embedding_hnsw",
    "idx_learning_pending",
    "idx_analytics_conversation",
    "idx_analytics_response_type",
    "idx_analytics_created_at",
    "idx_analytics_ab_variant",
    "idx_analytics_type_created",
    "idx_analytics_conversion",
    "idx_transcripts_conversation",
    "idx_transcripts_sentiment",
    "idx_transcripts_created_at",
    "idx_transcripts_embedding_hnsw",
    "idx_transcripts_entities",
    "idx_transcripts_negative",
    "idx_knowledge_embedding_hnsw",
    "idx_knowledge_question_embedding_hnsw",
    "idx_knowledge_fulltext",
}

FEEDBACK = "INSERT INTO conversation_feedback VALUES (7, $1, $2, $3, $4, NULL, '{}', $5)"
ITEM = """INSERT INTO learning_queue (shop_id, id, status, source_type, source_id, proposed_content,
          confidence_score, created_at, updated_at) VALUES (7, $1, $2, $3, $1, 'words', $4, $5, $5)"""
AUDIT = """INSERT INTO learning_audit_log (shop_id, id, at, action, topic, log_partition, log_offset)
           VALUES (0, $1, $2, 'InputAbsent', 'learning.decisions', 0, 0)"""


async def test_every_index_of_the_contract_exists(learning: asyncpg.Connection) -> None:
    rows = await learning.fetch("SELECT indexname FROM pg_indexes WHERE schemaname = 'learning'")
    assert {row["indexname"] for row in rows} >= INDEXES


async def test_vectors_are_indexed_by_cosine_of_halfvecs_and_only_where_they_are_searched(
    learning: asyncpg.Connection,
) -> None:
    rows = await learning.fetch("SELECT indexdef FROM pg_indexes WHERE indexdef LIKE '%USING hnsw%'")
    assert len(rows) == 4
    assert all("::halfvec(16)) halfvec_cosine_ops) WHERE" in row["indexdef"] for row in rows)


async def test_keys_lead_with_the_shop(learning: asyncpg.Connection) -> None:
    keys = await learning.fetch(
        """SELECT contype::text AS kind, pg_get_constraintdef(oid) AS definition FROM pg_constraint
            WHERE connamespace = 'learning'::regnamespace AND contype IN ('p', 'f')
              AND conrelid <> ALL ('{positions,shops,schema_migrations}'::regclass[])"""
    )
    assert sorted(key["kind"] for key in keys) == ["f"] * 4 + ["p"] * 9
    assert all("KEY (shop_id, " in key["definition"] for key in keys)


@pytest.mark.parametrize(
    ("feedback_type", "rating"), [("thumbs_sideways", None), ("star_rating", 0), ("star_rating", 6)]
)
async def test_feedback_of_no_known_kind_is_refused(
    learning: asyncpg.Connection, new_id: Callable[[], UUID], feedback_type: str, rating: int | None
) -> None:
    conversation = new_id()
    await learning.execute("INSERT INTO conversation_memory (shop_id, id) VALUES (7, $1)", conversation)
    await learning.execute("SELECT create_month_partition('conversation_feedback', '2026-11-01')")
    await learning.execute(FEEDBACK, new_id(), conversation, "star_rating", 5, NOON)
    with pytest.raises(CheckViolationError):
        await learning.execute(FEEDBACK, new_id(), conversation, feedback_type, rating, NOON)


@pytest.mark.parametrize(
    ("status", "source_type", "confidence"),
    [
        ("maybe", "feedback", 50),
        ("pending", "rumour", 50),
        ("pending", "manual", 101),
        ("pending", "manual", -1),
    ],
)
async def test_an_item_of_no_known_kind_is_refused(
    learning: asyncpg.Connection, new_id: Callable[[], UUID], status: str, source_type: str, confidence: int
) -> None:
    await learning.execute(ITEM, new_id(), "pending", "manual", 100, NOON)
    with pytest.raises(CheckViolationError):
        await learning.execute(ITEM, new_id(), status, source_type, confidence, NOON)


@pytest.mark.parametrize(
    "statement",
    [
        """INSERT INTO owner_corrections (shop_id, id, conversation_id, original_response, corrected_answer,
           priority, created_at) VALUES (7, $1, $1, 'a', 'b', 'whenever', now())""",
        """INSERT INTO voice_transcripts (shop_id, id, transcript, sentiment, created_at)
           VALUES (7, $1, 'a', 'odd', now())""",
        """INSERT INTO response_analytics (shop_id, id, conversation_id, response_text, response_type,
           user_engagement_score, created_at) VALUES (7, $1, $1, 'a', 'b', 100.5, now())""",
        """INSERT INTO knowledge_base_rag (shop_id, id, content, status, created_at, updated_at)
           VALUES (7, $1, 'a', 'dormant', now(), now())""",
    ],
)
async def test_other_words_than_the_listed_ones_are_refused(
    learning: asyncpg.Connection, new_id: Callable[[], UUID], statement: str
) -> None:
    await learning.execute("SELECT create_month_partition('response_analytics', current_date)")
    with pytest.raises(CheckViolationError):
        await learning.execute(statement, new_id())


async def test_feedback_needs_its_conversation_and_goes_with_it(
    learning: asyncpg.Connection, new_id: Callable[[], UUID]
) -> None:
    conversation = new_id()
    await learning.execute("SELECT create_month_partition('conversation_feedback', '2026-11-01')")
    with pytest.raises(ForeignKeyViolationError):
        await learning.execute(FEEDBACK, new_id(), conversation, "emoji", None, NOON)
    await learning.execute("INSERT INTO conversation_memory (shop_id, id) VALUES (8, $1)", conversation)
    with pytest.raises(ForeignKeyViolationError):
        await learning.execute(FEEDBACK, new_id(), conversation, "emoji", None, NOON)
    await learning.execute("INSERT INTO conversation_memory (shop_id, id) VALUES (7, $1)", conversation)
    await learning.execute(FEEDBACK, new_id(), conversation, "emoji", None, NOON)
    await learning.execute("DELETE FROM conversation_memory")
    assert await learning.fetchval("SELECT count(*) FROM conversation_feedback") == 0


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE learning_audit_log SET actor = 'nobody'",
        "UPDATE learning_audit_log SET actor = 'nobody' WHERE FALSE",
        "DELETE FROM learning_audit_log",
        "TRUNCATE learning_audit_log",
        "SET session_replication_role = replica; DELETE FROM learning_audit_log",
    ],
)
async def test_the_audit_only_grows(
    learning: asyncpg.Connection, new_id: Callable[[], UUID], change: str
) -> None:
    await learning.execute(AUDIT, new_id(), NOON)
    with pytest.raises(RestrictViolationError, match="append-only"):
        await learning.execute(change)
    assert await learning.fetchval("SELECT count(*) FROM learning_audit_log WHERE actor IS NULL") == 1


async def test_shops_that_only_the_audit_knows_become_known(
    learning: asyncpg.Connection, new_id: Callable[[], UUID]
) -> None:
    migrator = Migrator("learning", dimensions=16)
    await migrator.downgrade(learning, to="0017_explained_search")
    await learning.execute("INSERT INTO shops VALUES (7, 1)")
    await learning.executemany(
        """INSERT INTO learning_audit_log (shop_id, id, at, action, topic, log_partition, log_offset)
           VALUES ($1, $2, $3, 'KnowledgeImported', 'learning.decisions', 1, 0)""",
        [(shop, new_id(), NOON) for shop in (0, 7, 8, 8)],
    )
    await migrator.upgrade(learning)
    assert [tuple(row) for row in await learning.fetch("SELECT * FROM shops ORDER BY shop_id")] == [
        (7, 1),
        (8, 1),
    ]
