"""The projector on a real broker: batches, rebalances, refused records and foreign logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import NewTopic
from prometheus_client import CollectorRegistry

from projections.engine import Projector
from projections.failures import LogRefused
from projections.follower import Patience
from projections.learning.projection import PROJECTION
from runtime import kafka
from runtime.health import Health
from runtime.postgres import create_pool
from runtime.settings import Settings
from tests.projections.learning_log import Log
from tests.projections.test_writer import respond

DEADLINE = 30.0
PATIENCE = Patience(first=0.1, most=0.2)


async def make_log(settings: Settings, *logs: Log, partitions: int | None = None) -> None:
    """The topic, with what these logs hold."""
    admin = kafka.admin(settings)
    await admin.start()
    await admin.create_topics([NewTopic(settings.topic(PROJECTION.log), partitions or len(logs), 1)])
    await admin.close()
    for log in logs:
        await append(settings, log, 0)


async def append(settings: Settings, log: Log, first: int) -> None:
    """What this log holds from this number on, as a decider writes it: in transactions of its own."""
    writer = kafka.producer(settings, transactional_id=f"{settings.topic_prefix}{log.partition}")
    async with writer:
        for entry in log.entries[first:]:
            async with writer.transaction():
                await send(writer, settings, log.partition, entry.value)


async def send(writer: AIOKafkaProducer, settings: Settings, partition: int, value: bytes) -> None:
    await writer.send_and_wait(settings.topic(PROJECTION.log), value, partition=partition)


@asynccontextmanager
async def projecting(settings: Settings, pool: asyncpg.Pool) -> AsyncIterator[tuple[Projector, Health]]:
    """A projector that runs meanwhile; its failure is the test's."""
    health = Health([])
    projector = Projector(settings, PROJECTION, pool, CollectorRegistry(), health, patience=PATIENCE)
    task = asyncio.create_task(projector.run())
    try:
        yield projector, health
    finally:
        projector.stop()
        await asyncio.wait_for(task, DEADLINE)


async def eventually(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not await holds():
            await asyncio.sleep(0.02)


@pytest.fixture
async def tables(settings: Settings) -> AsyncIterator[asyncpg.Pool]:
    async with await create_pool(settings, "learning", min_size=0) as pool:
        yield pool


def shown(pool: asyncpg.Pool, count: int) -> Callable[[], Awaitable[bool]]:
    async def holds() -> bool:
        return bool(await pool.fetchval("SELECT count(*) FROM response_analytics") == count)

    return holds


def logs_of(partitions: int, responses: int) -> list[Log]:
    logs = [Log(partition).opened(partitions) for partition in range(partitions)]
    for log in logs:
        for _ in range(responses):
            respond(log)
    return logs


async def test_a_log_is_shown_as_it_grows(settings: Settings, tables: asyncpg.Pool) -> None:
    logs = logs_of(2, 5)
    await make_log(settings, *logs)
    async with projecting(settings, tables):
        await eventually(shown(tables, 10))
        respond(logs[1])
        await append(settings, logs[1], 6)
        await eventually(shown(tables, 11))
    async with projecting(settings, tables):
        respond(logs[0])
        await append(settings, logs[0], 6)
        await eventually(shown(tables, 12))
    assert await tables.fetchval("SELECT sum(seq) FROM positions") == 14
    assert await tables.fetchval("SELECT count(*) FROM learning_audit_log") == 14


async def test_two_projectors_divide_the_partitions(settings: Settings, tables: asyncpg.Pool) -> None:
    logs = logs_of(4, 3)
    await make_log(settings, *logs)
    async with projecting(settings, tables) as (_, first):
        await eventually(shown(tables, 12))
        async with projecting(settings, tables) as (_, second):

            async def divided() -> bool:
                ready = [[p for p in health.parts if health.parts[p].ready] for health in (first, second)]
                return sorted(map(len, ready)) == [2, 2]

            await eventually(divided)
            for log in logs:
                respond(log)
                await append(settings, log, 4)
            await eventually(shown(tables, 16))
        for log in logs:
            respond(log)
            await append(settings, log, 5)
        await eventually(shown(tables, 20))
    assert await tables.fetchval("SELECT count(*) FROM learning_audit_log") == 24


async def test_a_refused_record_stops_one_partition_until_it_is_mended(
    settings: Settings, tables: asyncpg.Pool
) -> None:
    await tables.execute("ALTER TABLE response_analytics ADD CONSTRAINT whim CHECK (response_type <> 'odd')")
    logs = logs_of(2, 3)
    respond(logs[0], "odd")
    for log in logs:
        respond(log)
    await make_log(settings, *logs)
    async with projecting(settings, tables) as (projector, health):
        await eventually(shown(tables, 7))

        async def stopped() -> bool:
            return set(projector.stopped) == {0} and not health.is_ready

        await eventually(stopped)
        assert "whim" in health.parts["learning 0"].reason
        assert health.parts["learning 1"].ready
        await tables.execute("ALTER TABLE response_analytics DROP CONSTRAINT whim")
        await eventually(shown(tables, 9))
        assert not projector.stopped
        assert health.is_ready


async def test_another_number_of_partitions_is_refused(settings: Settings, tables: asyncpg.Pool) -> None:
    await make_log(settings, *logs_of(2, 1), partitions=3)
    with pytest.raises(LogRefused, match="opened for 2 partitions, but the topic has 3"):
        async with projecting(settings, tables) as (projector, _):
            await projector.over.wait()


async def test_vectors_of_another_model_are_refused(settings: Settings, tables: asyncpg.Pool) -> None:
    await make_log(settings, Log().opened(model="another-model"))
    with pytest.raises(LogRefused, match="vectors of another-model, but the tables were made for all-MiniLM"):
        async with projecting(settings, tables) as (projector, _):
            await projector.over.wait()
