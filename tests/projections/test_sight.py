"""Who reads for some shops alone reads through the very same questions, and the database keeps to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from projections.learning.projection import PROJECTION
from projections.learning.queries import LearningQueries
from projections.positions import Positions
from projections.sight import Sight, SightRefused
from runtime.postgres import create_pool
from runtime.settings import Settings

ITEM = """INSERT INTO learning_queue (shop_id, id, status, source_type, source_id, proposed_content, confidence_score,
                                      created_at, updated_at)
          SELECT shop, gen_random_uuid(), 'approved', 'manual', gen_random_uuid(), 'a', 80, now(), now()
            FROM unnest('{7, 8, 8, 12}'::INTEGER[]) AS shop"""


@pytest.fixture
async def items(pool: asyncpg.Pool) -> asyncpg.Pool:
    """Of three shops."""
    await pool.execute(ITEM)
    return pool


@pytest.mark.parametrize(
    ("shops", "seen"),
    [((7,), {7: 1}), ((7, 12), {7: 1, 12: 1}), ((9,), {}), ((), {}), (None, {7: 1, 8: 2, 12: 1})],
)
async def test_a_question_that_names_no_shop_is_answered_for_these_alone(
    items: asyncpg.Pool, shops: Collection[int] | None, seen: dict[int, int]
) -> None:
    ask = LearningQueries(items, PROJECTION)
    assert await ask.for_shops(shops).shops_with_approved_items() == seen
    assert await ask.for_shops(shops).model() == "all-MiniLM-L6-v2"
    assert await ask.shops_with_approved_items() == {7: 1, 8: 2, 12: 1}, "the owner sees all"


async def test_nothing_of_it_outlasts_the_answer(items: asyncpg.Pool) -> None:
    sight = Sight(items, Positions("learning", PROJECTION.log)).for_shops([7])
    async with sight.open() as conn:
        assert await conn.fetchval("SELECT current_user") == "relearn_reader"
        with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
            await conn.execute("CREATE TABLE mine ()")
    for _ in range(items.get_max_size()):
        assert await items.fetchval("SELECT current_user || current_setting('relearn.shop_ids', TRUE)") in (
            "postgres",
            None,
        )


@pytest.fixture
async def serves(items: asyncpg.Pool, request: pytest.FixtureRequest) -> AsyncIterator[asyncpg.Pool]:
    """A pool of a user of the database who may read as the reader, or may nothing."""
    async with items.acquire() as conn:
        await conn.execute("CREATE ROLE serves LOGIN")
        if request.param:
            await conn.execute("GRANT relearn_reader TO serves")
        where = await conn.fetchrow("SELECT current_database(), current_setting('unix_socket_directories')")
    url = urlunsplit(
        urlsplit("postgresql://serves:@/")._replace(path=f"/{where[0]}", query=f"host={where[1]}")
    )
    settings = Settings(kafka_bootstrap_servers="nowhere:9092", database_url=url)
    async with await create_pool(settings, "learning", min_size=0) as pool:
        yield pool
    await items.execute("DROP ROLE serves")


@pytest.mark.parametrize("serves", [True], indirect=True)
async def test_a_user_who_is_no_owner_can_serve(serves: asyncpg.Pool) -> None:
    ask = LearningQueries(serves, PROJECTION)
    assert await ask.for_shops([8]).shops_with_approved_items() == {8: 2}
    assert await Positions("learning", PROJECTION.log).all(serves) == []


@pytest.mark.parametrize("serves", [False], indirect=True)
async def test_a_user_who_may_not_hears_what_is_missing(serves: asyncpg.Pool) -> None:
    with pytest.raises(SightRefused, match="GRANT relearn_reader TO"):
        await LearningQueries(serves, PROJECTION).for_shops([8]).summary()
