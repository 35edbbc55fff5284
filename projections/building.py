"""Builds a schema from the log alone, beside the one that is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from asyncpg import Pool
from prometheus_client import CollectorRegistry

from projections.failures import LogRefused
from projections.meters import Meters
from projections.opening import Opening
from projections.positions import Position
from projections.projection import Projection
from projections.schemas import Schemas
from projections.writer import Entry, Writer
from runtime import kafka, postgres
from runtime.closing import connected
from runtime.migration import Migrator
from runtime.settings import Settings

BATCH = 2000
"""Records in one transaction, at most."""

WAIT_MS = 100
"""How long to wait for records before looking whether only markers of transactions are left."""

INDEX_MEMORY = "512MB"
"""For the graphs of vectors, which are slow to build where they do not fit."""

Ends = Mapping[int, int]
"""For each partition, the offset before which its records are meant."""

Tell = Callable[[int], object]
"""Hears how many offsets more are behind us."""


class Builder:
    """One schema that is being built. Whoever is interrupted can go on: each position is with its rows."""

    def __init__(
        self,
        settings: Settings,
        projection: Projection,
        migrator: Migrator,
        pool: Pool,
        partitions: int,
        parallel: int,
    ) -> None:
        """`migrator`: of the schema that is built. `pool`: of connections to it, as many as `parallel`.

        `partitions`: how many the log has, whether all of them are loaded or not.
        """
        self._settings = settings
        self._projection = projection
        self._migrator = migrator
        self._pool = pool
        self._topic = settings.topic(projection.log)
        self._partitions = partitions
        self._at_once = asyncio.Semaphore(parallel)
        self._schemas = Schemas()
        meters = Meters(projection.name, CollectorRegistry())
        self._writer = Writer(projection, pool, migrator.schema, meters, generation=migrator.generation)

    async def load(self, ends: Ends, tell: Tell) -> None:
        """Applies what stands before these ends and is not applied yet.

        Raises:
            LogRefused: if the log is not for such tables, or ends before.
            RecordRefused: at a record that cannot be applied.
        """
        async with asyncio.TaskGroup() as tasks:
            for partition, end in ends.items():
                tasks.create_task(self._load(partition, end, tell))

    async def index(self) -> None:
        """Makes what is better made of full tables: the last migrations, the views, the planner's numbers."""
        async with self._pool.acquire() as conn:
            await conn.execute(f"SET maintenance_work_mem = '{INDEX_MEMORY}'")
            await self._migrator.upgrade(conn)
            await self._schemas.refresh_views(conn)
            await conn.execute("ANALYZE")

    async def positions(self) -> Mapping[int, Position]:
        """How far each partition is applied."""
        found = await self._writer.positions.all(self._pool)
        return {each.partition: Position(each.next_offset, each.seq) for each in found}

    async def _load(self, partition: int, end: int, tell: Tell) -> None:
        async with self._at_once:
            at = await self._writer.position(partition)
            tell(at.next_offset)
            if at.next_offset >= end:
                return
            async with connected(kafka.consumer(self._settings, auto_offset_reset="none")) as consumer:
                tp = TopicPartition(self._topic, partition)
                consumer.assign([tp])
                await self._check_ends(consumer, tp, end)
                async for entries in _entries(consumer, tp, at.next_offset, end):
                    if not at.seq:
                        await self._check_opening(partition, entries[0])
                    behind = at.next_offset
                    at = await self._writer.apply(partition, at, entries)
                    tell(at.next_offset - behind)
            tell(end - at.next_offset)

    async def _check_ends(self, consumer: AIOKafkaConsumer, tp: TopicPartition, wanted: int) -> None:
        where = f"{self._projection.log}[{tp.partition}]"
        if begins := (await consumer.beginning_offsets([tp]))[tp]:
            raise LogRefused(
                f"{where} begins at {begins}, not at 0: its beginning was deleted. A log is kept for ever: restore it"
            )
        if wanted > (ends := (await consumer.end_offsets([tp]))[tp]):
            raise shorter(where, wanted, ends)

    async def _check_opening(self, partition: int, first: Entry) -> None:
        projection, model = self._projection, await self._writer.model()
        opening = Opening(projection.name, projection.log, projection.codec, self._partitions, model)
        opening.check(partition, first.value)


def shorter(where: str, wanted: int, ends: int) -> LogRefused:
    """That a partition of the log ends before what is shown of it."""
    return LogRefused(
        f"{where} is shown up to {wanted}, but ends at {ends}: it has lost its end, or the tables are of another log"
    )


async def _entries(
    consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int
) -> AsyncIterator[list[Entry]]:
    """The records from `start` to before `end`, in lots. Offsets have gaps: the position tells the end."""
    consumer.seek(tp, start)
    while await consumer.position(tp) < end:
        fetched = await consumer.getmany(tp, timeout_ms=WAIT_MS, max_records=BATCH)
        if lot := [Entry(m.offset, m.value) for m in fetched.get(tp, ()) if m.offset < end]:
            yield lot


@asynccontextmanager
async def building(
    settings: Settings, projection: Projection, migrator: Migrator, parallel: int
) -> AsyncIterator[Builder]:
    """A builder of the migrator's schema, which is made, without the indexes of vectors, if it is not there.

    Raises:
        MigrationRefused: if such a schema is there that other migrations made.
        LogRefused: if there is no such log.
    """
    partitions = len(await ends_of(settings, projection))
    conn = await postgres.connect(settings, migrator.schema, vectors=False)
    try:
        await migrator.upgrade(conn, until=projection.loaded_after)
    finally:
        await conn.close()
    async with await postgres.create_pool(settings, migrator.schema, max_size=parallel) as pool:
        yield Builder(settings, projection, migrator, pool, partitions, parallel)


async def ends_of(settings: Settings, projection: Projection) -> Ends:
    """Where each partition of the log ends now.

    Raises:
        LogRefused: if there is no such log.
    """
    topic = settings.topic(projection.log)
    async with connected(kafka.admin(settings)) as admin:
        (described,) = await admin.describe_topics([topic])
    if not described["partitions"]:
        raise LogRefused(f"the log's topic {topic} does not exist: run `relearn topics create`")
    async with connected(kafka.consumer(settings)) as consumer:
        tps = [TopicPartition(topic, each["partition"]) for each in described["partitions"]]
        found = await consumer.end_offsets(tps)
    return {tp.partition: end for tp, end in sorted(found.items())}
