"""The queue in pages: every item once, in whatever order, of whichever shops and kinds are asked for."""

from __future__ import annotations

from typing import Any, get_args
from uuid import UUID

import asyncpg
import pytest

from projections.learning.projection import PROJECTION
from projections.learning.queries import After, ItemOrder, LearningQueries, Wanted
from projections.queries import Row

FILL = """
WITH item AS (
    SELECT 7 + n % 3 AS shop_id, n, ('00000000-0000-0000-0000-' || lpad((n * 7 % 60)::TEXT, 12, '0'))::UUID AS id
      FROM generate_series(0, 59) AS n
), shop AS (
    INSERT INTO shops SELECT DISTINCT shop_id, 0 FROM item
)
INSERT INTO learning_queue
       (shop_id, id, status, source_type, source_id, proposed_content, question, category, confidence_score, metadata,
        created_at, updated_at, assigned_to)
SELECT shop_id, id, (ARRAY['pending', 'approved', 'rejected'])[1 + n % 4 % 3],
       (ARRAY['feedback', 'correction'])[1 + n / 30], id, 'Answer ' || n || ', 100 % sure_',
       CASE WHEN n % 2 = 0 THEN 'What of ' || n || '?' END, CASE WHEN n < 5 THEN 'refunds' END, 10 * (n % 5),
       '{"content": "answer", "sources": [], "conflicts": [], "disputes": 0}',
       '2026-11-21 12:00+00'::TIMESTAMPTZ + n / 4 * INTERVAL '1 second',
       '2026-11-21 12:00+00'::TIMESTAMPTZ + n * 11 % 13 * INTERVAL '1 second',
       CASE WHEN n % 6 = 0 THEN '00000000-0000-0000-0000-000000000099'::UUID
            WHEN n % 6 = 1 THEN '00000000-0000-0000-0000-000000000098'::UUID END
  FROM item"""

REVIEWER = UUID("00000000-0000-0000-0000-000000000099")


@pytest.fixture
async def ask(pool: asyncpg.Pool) -> LearningQueries:
    """Sixty items of three shops: of all kinds, many at the same moment and of the same confidence."""
    await pool.execute(FILL)
    return LearningQueries(pool, PROJECTION)


async def pages(ask: LearningQueries, size: int, order: ItemOrder, **told: Any) -> list[Row]:
    """All of them, page after page."""
    rows, after = list[Row](), None
    while page := await ask.queue(order=order, after=after, limit=size, **told):
        assert len(page) <= size
        rows += page
        after = After(page[-1][order], page[-1]["id"])
    return rows


@pytest.mark.parametrize("order", get_args(ItemOrder))
@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("shop", [None, 8])
async def test_every_item_comes_once_in_the_order_asked_for(
    ask: LearningQueries, order: ItemOrder, descending: bool, shop: int | None
) -> None:
    rows = await pages(ask, 7, order, shop_id=shop, wanted=Wanted(), descending=descending)
    assert len(rows) == (60 if shop is None else 20)
    keys = [(row[order], row["id"]) for row in rows]
    assert keys == sorted(set(keys), reverse=descending)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(status="approved"), 15),
        (Wanted(source_type="correction"), 30),
        (Wanted(category="refunds"), 5),
        (Wanted(min_confidence=30), 24),
        (Wanted(max_confidence=10), 24),
        (Wanted(min_confidence=20, max_confidence=20), 12),
        (Wanted(assigned_to=REVIEWER), 10),
        (Wanted(is_assigned=True), 20),
        (Wanted(is_assigned=False), 40),
        (Wanted(text="WHAT answer"), 30),
        (Wanted(text="answer 59"), 1),
        (Wanted(text="0 %"), 60),
        (Wanted(text="sure_"), 60),
        (Wanted(text="s_re"), 0),
        (Wanted(text=" "), 60),
        (Wanted(status="pending", source_type="feedback", is_assigned=False, text="what of"), 5),
    ],
)
async def test_only_what_is_asked_for_comes(ask: LearningQueries, wanted: Wanted, expected: int) -> None:
    assert len(await ask.queue(None, wanted, limit=100)) == expected


async def test_without_a_shop_the_items_of_all_that_can_be_seen_come(ask: LearningQueries) -> None:
    for shops, seen in (([7, 9], {7, 9}), ([8], {8}), ([], set())):
        rows = await ask.for_shops(shops).queue(None, Wanted(), limit=100)
        assert {row["shop_id"] for row in rows} == seen
        assert len(rows) == 20 * len(seen)
    assert await ask.for_shops([7]).queue(8, Wanted()) == []


async def test_pending_items_come_oldest_first_unless_others_are_asked_for(ask: LearningQueries) -> None:
    rows = await ask.queue(7)
    assert {row["status"] for row in rows} == {"pending"}
    assert [row["created_at"] for row in rows] == sorted(row["created_at"] for row in rows)
    assert rows[0]["content_kind"] == "answer"


async def test_items_are_counted_by_source_and_status(ask: LearningQueries) -> None:
    of_one = await ask.summary(7)
    assert sum(row["items"] for row in of_one) == 20
    assert sum(row["items"] for row in await ask.summary()) == 60
    assert of_one == await ask.for_shops([7]).summary()
    assert await ask.shops_with_approved_items() == {7: 5, 8: 5, 9: 5}
