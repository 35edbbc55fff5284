"""Numbers are right, can be refreshed beside readers, and are shown only to the shops they are of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import asyncpg
import pytest

LATE = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)


async def _serve(conn: asyncpg.Connection, shop: int, at: datetime, converted: bool | None, ms: int) -> None:
    await conn.execute(
        """WITH stub AS (
               INSERT INTO conversation_memory (shop_id, id) VALUES ($1, gen_random_uuid()) RETURNING id
           )
           INSERT INTO response_analytics (shop_id, id, conversation_id, response_text, response_type,
                  user_engagement_score, led_to_conversion, response_time_ms, created_at)
           SELECT $1, id, id, 'words', 'faq', 33.333, $3, $4, $2 FROM stub""",
        shop, at, converted, ms,
    )  # fmt: skip


@pytest.fixture
async def served(learning: asyncpg.Connection) -> asyncpg.Connection:
    """Three responses of shop 7 on one UTC day, one of shop 8 half an hour into the next, views refreshed."""
    await learning.execute("SET TimeZone = 'Asia/Tokyo'")
    await learning.execute("SELECT create_month_partition('response_analytics', '2026-11-01')")
    await _serve(learning, 7, LATE, True, 100)
    await _serve(learning, 7, LATE, False, 200)
    await _serve(learning, 7, LATE, None, 201)
    await _serve(learning, 8, LATE + timedelta(hours=1), True, 5)
    await learning.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY response_performance_metrics")
    await learning.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY daily_learning_metrics")
    return learning


async def test_responses_are_counted_by_utc_day(served: asyncpg.Connection) -> None:
    rows = await served.fetch("SELECT * FROM response_performance_metrics ORDER BY shop_id")
    assert [tuple(row) for row in rows] == [
        (7, "faq", date(2026, 11, 21), 3, Decimal("33.33"), Decimal("0.5000"), Decimal("167.00")),
        (8, "faq", date(2026, 11, 22), 1, Decimal("33.33"), Decimal("1.0000"), Decimal("5.00")),
    ]


async def test_items_are_counted_by_state(served: asyncpg.Connection) -> None:
    await served.executemany(
        """INSERT INTO learning_queue (shop_id, id, status, source_type, source_id, proposed_content,
                  confidence_score, created_at, updated_at)
           VALUES (7, gen_random_uuid(), $1, 'feedback', gen_random_uuid(), 'words', $2, $3, $3)""",
        [("pending", 50, LATE), ("pending", 51, LATE), ("approved", 70, LATE)],
    )
    await served.execute("REFRESH MATERIALIZED VIEW CONCURRENTLY daily_learning_metrics")
    rows = await served.fetch("SELECT * FROM daily_learning_metrics ORDER BY status")
    assert [tuple(row) for row in rows] == [
        (date(2026, 11, 21), 7, "feedback", "approved", 1, Decimal("70.00")),
        (date(2026, 11, 21), 7, "feedback", "pending", 2, Decimal("50.50")),
    ]


async def test_words_have_the_collation_of_the_tables(learning: asyncpg.Connection) -> None:
    """Else no query could compare them with a table's."""
    others = await learning.fetch(
        """SELECT attrelid::REGCLASS, attname FROM pg_attribute
            WHERE attrelid IN ('daily_learning_metrics'::REGCLASS, 'response_performance_metrics'::REGCLASS)
              AND attcollation NOT IN (0, 'pg_catalog."default"'::REGCOLLATION)"""
    )
    assert others == []


@pytest.mark.parametrize(
    ("setting", "shops"), [(None, []), ("", []), ("7", [7]), ("8,9", [8]), ("7,8", [7, 8]), ("*", [7, 8])]
)
async def test_a_reader_sees_the_named_shops(
    served: asyncpg.Connection, setting: str | None, shops: list[int]
) -> None:
    if setting is not None:
        await served.execute("SELECT set_config('relearn.shop_ids', $1, FALSE)", setting)
    rows = await served.fetch("SELECT shop_id FROM response_metrics ORDER BY shop_id")
    assert [row["shop_id"] for row in rows] == shops


async def test_a_reader_cannot_look_behind_the_views(served: asyncpg.Connection) -> None:
    await served.execute(
        """CREATE ROLE metrics_reader; GRANT USAGE ON SCHEMA learning TO metrics_reader;
           GRANT SELECT ON response_metrics TO metrics_reader; SET ROLE metrics_reader;
           SET relearn.shop_ids = '7'"""
    )
    try:
        assert len(await served.fetch("SELECT * FROM response_metrics")) == 1
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await served.fetch("SELECT * FROM response_performance_metrics")
    finally:
        await served.execute("RESET ROLE; DROP OWNED BY metrics_reader; DROP ROLE metrics_reader")
