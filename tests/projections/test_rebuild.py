"""A rebuild under load: whoever reads sees one schema whole, and no record is lost or shown twice by the swap."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from projections.learning.projection import PROJECTION
from projections.positions import Positions
from projections.rebuild import Rebuild
from projections.schemas import SchemaHeld
from projections.sight import Sight
from projections.verifying import Verification
from runtime.migration import Migrator
from runtime.settings import Settings
from tests.projections.learning_log import SHOP, Log
from tests.projections.test_engine import append, eventually, logs_of, make_log, projecting, shown, tables
from tests.projections.test_writer import respond

__all__ = ["tables"]

POSITIONS = Positions("learning", PROJECTION.log)
PARTITIONS, FIRST, LATER = 2, 100, 60


def rebuild_of(settings: Settings) -> Rebuild:
    return Rebuild(settings, PROJECTION, Migrator("learning"), PARTITIONS)


async def read_on(pool: asyncpg.Pool, ended: asyncio.Event) -> int:
    """Reads two tables again and again until it ends: they always fit, and never fall back. Returns how often."""
    reads, seen = 0, 0
    while not ended.is_set():
        async with Sight(pool, POSITIONS).open() as conn:
            responses, records = await conn.fetchrow(
                "SELECT (SELECT count(*) FROM response_analytics), (SELECT sum(seq) FROM positions)"
            )
        assert responses == records - PARTITIONS, "every record but the openings is a response"
        assert records >= seen
        reads, seen = reads + 1, records
    return reads


async def test_nobody_notices_the_swap(settings: Settings, tables: asyncpg.Pool) -> None:
    logs = logs_of(PARTITIONS, FIRST)
    await make_log(settings, *logs)
    ended = asyncio.Event()

    async def grow() -> None:
        for number in range(LATER):
            for log in logs:
                respond(log)
                await append(settings, log, FIRST + 1 + number)

    async with projecting(settings, tables) as (projector, _):
        await eventually(shown(tables, PARTITIONS * FIRST))
        before = await tables.fetchval("SELECT 'response_analytics'::REGCLASS::OID")
        reading = asyncio.create_task(read_on(tables, ended))
        growing = asyncio.create_task(grow())
        for _ in range(2):
            rebuilt = await rebuild_of(settings).run(lambda _: None)
            assert rebuilt.records > PARTITIONS * FIRST
            found = await Verification(settings, PROJECTION, Migrator("learning")).run(
                lambda _: None, lambda _: None
            )
            # Unlike any real one, this log has its shop in both partitions.
            assert [each for each in found if each.different and each.table != "shops"] == []
        await growing
        await eventually(shown(tables, PARTITIONS * (FIRST + LATER)))
        ended.set()
        assert await reading > 10
        assert projector.stopped == {}
    assert await tables.fetchval("SELECT 'response_analytics'::REGCLASS::OID") != before
    assert await tables.fetchval("SELECT count(DISTINCT id) FROM response_analytics") == PARTITIONS * (
        FIRST + LATER
    )


async def test_one_rebuild_at_a_time(settings: Settings, tables: asyncpg.Pool) -> None:
    await make_log(settings, *logs_of(1, 5))
    async with projecting(settings, tables):
        await eventually(shown(tables, 5))
    begun, go_on = asyncio.Event(), asyncio.Event()
    first = rebuild_of(settings)
    ends = first.ends

    async def wait() -> object:
        begun.set()
        await go_on.wait()
        return await ends()

    first.ends = wait  # type: ignore[method-assign, assignment]
    running = asyncio.create_task(first.run(lambda _: None))
    await begun.wait()
    with pytest.raises(SchemaHeld, match="learning_building is being built"):
        await rebuild_of(settings).run(lambda _: None)
    go_on.set()
    assert (await running).records == 6


async def test_some_partitions_are_verified_alone(settings: Settings, tables: asyncpg.Pool) -> None:
    logs = [Log(partition).opened(PARTITIONS) for partition in range(PARTITIONS)]
    respond(logs[1])
    await make_log(settings, *logs)
    async with projecting(settings, tables):
        await eventually(shown(tables, 1))

    async def different() -> dict[str, int]:
        work = Verification(settings, PROJECTION, Migrator("learning"), shops=[SHOP], partitions=[1])
        return {each.table: each.different for each in await work.run(lambda _: None, lambda _: None)}

    found = await different()
    assert "positions" not in found, "they belong to no shop"
    assert set(found.values()) == {0}
    await tables.execute("UPDATE response_analytics SET response_text = 'spoilt'")
    assert (await different())["response_analytics"] == 1
