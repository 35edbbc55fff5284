"""Months are created when asked for, once, in the schema where the table is."""

from __future__ import annotations

import asyncio
from datetime import date

import asyncpg
import pytest
from asyncpg.exceptions import UndefinedTableError

from runtime.migration import Migrator

PARTITIONS = """
SELECT relnamespace::regnamespace || '.' || relname AS name, pg_get_expr(relpartbound, oid) AS bound
  FROM pg_class WHERE relispartition AND relkind = 'r' ORDER BY 1"""
CREATE = "SELECT create_month_partition($1, $2)"


async def test_a_month_begins_and_ends_in_utc_whatever_the_session_says(learning: asyncpg.Connection) -> None:
    await learning.execute("SET TimeZone = 'Pacific/Auckland'; SET DateStyle = 'German'")
    await learning.execute(CREATE, "conversation_feedback", date(2026, 12, 31))
    await learning.execute("SET TimeZone = 'UTC'; SET DateStyle = 'ISO'")
    assert [tuple(row) for row in await learning.fetch(PARTITIONS)] == [
        (
            "learning.conversation_feedback_2026_12",
            "FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00')",
        )
    ]


async def test_projectors_that_need_the_same_month_at_once_both_get_it(
    learning: asyncpg.Connection, empty_database: str
) -> None:
    others = [
        await asyncpg.connect(empty_database, server_settings={"search_path": "learning, public"})
        for _ in range(4)
    ]
    await asyncio.gather(
        *(other.execute(CREATE, "response_analytics", date(2026, 11, 5)) for other in others)
    )
    await asyncio.gather(*(other.close() for other in others))
    assert [row["name"] for row in await learning.fetch(PARTITIONS)] == [
        "learning.response_analytics_2026_11"
    ]


async def test_a_partition_has_the_checks_keys_and_indexes_of_its_table(learning: asyncpg.Connection) -> None:
    await learning.execute(CREATE, "response_analytics", date(2026, 11, 1))
    counts = await learning.fetch(
        """SELECT (SELECT count(*) FROM pg_index WHERE indrelid = t) AS indexes,
                  (SELECT count(*) FROM pg_constraint WHERE conrelid = t AND contype <> 'n') AS rules
             FROM unnest('{response_analytics,response_analytics_2026_11}'::regclass[]) AS t"""
    )
    assert tuple(counts[0]) == tuple(counts[1]) == (7, 3)


async def test_a_table_that_does_not_exist_is_refused(learning: asyncpg.Connection) -> None:
    with pytest.raises(UndefinedTableError):
        await learning.execute(CREATE, "nowhere", date(2026, 11, 1))


async def test_everything_follows_a_renamed_schema(learning: asyncpg.Connection) -> None:
    await learning.execute(CREATE, "conversation_feedback", date(2026, 10, 1))
    await learning.execute("ALTER SCHEMA learning RENAME TO shown")
    await learning.execute("SET search_path = shown, public")
    await learning.execute(CREATE, "conversation_feedback", date(2026, 10, 1))
    await learning.execute(CREATE, "conversation_feedback", date(2026, 11, 1))
    assert [row["name"] for row in await learning.fetch(PARTITIONS)] == [
        "shown.conversation_feedback_2026_10",
        "shown.conversation_feedback_2026_11",
    ]
    await learning.execute(
        """INSERT INTO knowledge_base_rag (shop_id, id, content, status, created_at, updated_at)
           VALUES (7, gen_random_uuid(), 'Thirty days.', 'live', now(), now())"""
    )
    assert await learning.fetchval("SELECT content FROM check_similar_knowledge(7, 'thirty days', NULL)")
    await learning.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY response_performance_metrics")
    assert await learning.fetch("SELECT * FROM learning_metrics") == []
    assert (await Migrator("shown", dimensions=16).validate(learning)).issues == []


async def test_the_old_name_can_be_built_again_beside_a_renamed_schema(learning: asyncpg.Connection) -> None:
    await learning.execute("ALTER SCHEMA learning RENAME TO shown")
    await Migrator("learning", dimensions=16).upgrade(learning)
    await learning.execute("SET search_path = shown, public")
    await learning.execute(CREATE, "conversation_feedback", date(2026, 11, 1))
    assert [row["name"] for row in await learning.fetch(PARTITIONS)] == [
        "shown.conversation_feedback_2026_11"
    ]
