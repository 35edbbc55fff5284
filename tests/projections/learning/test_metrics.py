"""Numbers by day: of the days, kinds and shops that are asked for, and of no other shop."""

from __future__ import annotations

from datetime import date

import asyncpg
import pytest

from projections.learning.metrics import LearningMetrics
from projections.learning.projection import PROJECTION

FILL = """
INSERT INTO learning_queue (shop_id, id, status, source_type, source_id, proposed_content, confidence_score,
                            created_at, updated_at)
SELECT shop_id, gen_random_uuid(), 'pending', source, gen_random_uuid(), 'a', 50, day, day
  FROM unnest('{7, 8}'::INTEGER[]) AS shop_id, unnest('{feedback, correction}'::TEXT[]) AS source,
       generate_series('2026-11-19 12:00+00'::TIMESTAMPTZ, '2026-11-21 12:00+00', '1 day') AS day;
SELECT create_month_partition('response_analytics', '2026-11-01');
INSERT INTO conversation_memory (shop_id, id)
SELECT shop_id, gen_random_uuid() FROM unnest('{7, 8}'::INTEGER[]) AS shop_id;
INSERT INTO response_analytics (shop_id, id, conversation_id, response_text, response_type, created_at)
SELECT c.shop_id, gen_random_uuid(), c.id, 'a', kind, '2026-11-21 12:00+00'
  FROM conversation_memory c, unnest('{faq, offer}'::TEXT[]) AS kind;
REFRESH MATERIALIZED VIEW daily_learning_metrics;
REFRESH MATERIALIZED VIEW response_performance_metrics"""


@pytest.fixture
async def ask(pool: asyncpg.Pool) -> LearningMetrics:
    """Items of two shops, two sources and three days; responses of two types on one day."""
    await pool.execute(FILL)
    return LearningMetrics(pool, PROJECTION)


async def test_items_of_some_days_and_of_one_source(ask: LearningMetrics) -> None:
    assert len(await ask.learning()) == 12
    second = date(2026, 11, 20)
    (row,) = await ask.learning(7, "feedback", second, second)
    assert (row["date"], row["shop_id"], row["source_type"], row["count"]) == (second, 7, "feedback", 1)
    assert len(await ask.learning(first_day=second)) == 8
    assert len(await ask.learning(last_day=second, source_type="correction")) == 4


async def test_responses_of_one_type(ask: LearningMetrics) -> None:
    assert len(await ask.responses()) == 4
    assert [row["shop_id"] for row in await ask.responses(response_type="faq")] == [7, 8]
    assert await ask.responses(first_day=date(2026, 11, 22)) == []


async def test_other_shops_numbers_are_not_seen(ask: LearningMetrics) -> None:
    mine = ask.for_shops([7])
    assert {row["shop_id"] for row in await mine.learning()} == {7}
    assert {row["shop_id"] for row in await mine.responses()} == {7}
    assert await mine.learning(8) == []
    assert await ask.for_shops([]).responses() == []
