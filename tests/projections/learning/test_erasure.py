"""What was erased is in no table, and a log without the words gives the same tables."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from prometheus_client import CollectorRegistry

from projections.learning.projection import PROJECTION
from projections.meters import Meters
from projections.writer import Entry, Writer
from runtime.migration import Migrator
from runtime.postgres import create_pool
from runtime.settings import Settings
from schemas.record import Record
from schemas.review import SubjectErased
from schemas.words import ERASED
from streams.learning.decider import Learning
from tests.projections.learning.shown import TABLES
from tests.streams.learning.erasing_stories import HISTORIES, SUBJECTS, marks, tell
from tests.streams.learning.story import MODEL, WIDTH

SCHEMAS = ("learning", "wordless")
LEARNING = Learning()


@pytest.fixture
async def tables(empty_database: str) -> Settings:
    """Two schemas for the vectors of the stories."""
    conn = await asyncpg.connect(empty_database)
    for schema in SCHEMAS:
        await Migrator(schema, "learning", dimensions=WIDTH, model=MODEL).upgrade(conn)
    await conn.close()
    return Settings(kafka_bootstrap_servers="nowhere:9092", database_url=empty_database)


def test_a_log_without_the_words_gives_the_same_tables(tables: Settings) -> None:
    partitions = itertools.count(1)

    @settings(
        max_examples=15,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.reuse, Phase.generate),
    )
    @given(HISTORIES, SUBJECTS)
    def shown(history: list[Any], subject: SubjectErased) -> None:
        shop = next(partitions)
        story = tell(history, subject, shop=shop)
        found = LEARNING.erasures(story.records)
        wordless = [LEARNING.erased(record, found) for record in story.records]
        with_them, without = asyncio.run(both(tables, shop, story.records, wordless))
        assert without == with_them
        said = orjson.dumps(with_them).decode()
        assert not [mark for mark in marks(story, subject) if mark in said]

    shown()


def test_tables_say_it_in_the_same_word() -> None:
    sql = (PROJECTION.sql / "erasure.sql").read_text()
    assert sql.count("[erased]") == sql.count(f"'{ERASED}'") > 0


async def both(tables: Settings, shop: int, *logs: Sequence[Record]) -> list[Any]:
    return [await show(tables, schema, shop, records) for schema, records in zip(SCHEMAS, logs, strict=True)]


async def show(tables: Settings, schema: str, shop: int, records: Sequence[Record]) -> Mapping[str, Any]:
    """What the tables of a schema hold of a shop, when these records are shown as a partition of its number."""
    entries = [Entry(n, PROJECTION.codec.encode(record)) for n, record in enumerate(records)]
    async with await create_pool(tables, schema, min_size=0) as pool:
        writer = Writer(PROJECTION, pool, schema, Meters("learning", CollectorRegistry()))
        at = await writer.position(shop)
        for first in range(0, len(entries), 5):
            at = await writer.write(shop, at, entries[first : first + 5])
        return {table: await rows(pool, table, shop) for table in TABLES if table != "positions"}


async def rows(pool: asyncpg.Pool, table: str, shop: int) -> list[Any]:
    """All but who the audit says was behind it, and that it is gone from the log: there the two differ."""
    found = await pool.fetch(
        "SELECT (to_jsonb(t) - 'actor'::TEXT) #- '{after,source,actor_id}'::TEXT[] #- '{after,from_log}'::TEXT[]"
        f" AS row FROM {table} AS t"
        " WHERE shop_id = $1 ORDER BY 1",
        shop,
    )
    return [row["row"] for row in found]
