"""Builds a schema from the log alone, beside the one that is read."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka import TopicPartition
from asyncpg import Pool

from projections.failures import LogRefused
from projections.loading import Ends, Loader, Target, Tell
from projections.positions import NOWHERE, Position
from projections.projection import Projection
from projections.schemas import Schemas
from projections.spreading import spread
from runtime import kafka, postgres
from runtime.closing import connected
from runtime.migration import Migrator
from runtime.settings import Settings

INDEX_MEMORY = "512MB"
"""For the graphs of vectors, which are slow to build where they do not fit."""

EVERY_CORE = os.cpu_count() or 1
"""Processes that load at once where nobody asks for another number."""

WORTH_PROCESSES = 10_000
"""Offsets that one process loads in less time than several need to start: half a second each."""


class Builder:
    """One schema that is being built. Whoever is interrupted can go on: each position is with its rows."""

    def __init__(
        self, target: Target, projection: Projection, migrator: Migrator, pool: Pool, parallel: int
    ) -> None:
        """`migrator`: of the schema that is built. `pool`: of connections to it, as many as `parallel`."""
        self._target = target
        self._migrator = migrator
        self._pool = pool
        self._parallel = parallel
        self._schemas = Schemas()
        self._loader = Loader(target, projection, pool)

    async def load(self, ends: Ends, tell: Tell) -> None:
        """Applies what stands before these ends and is not applied yet: much of it in several processes.

        Raises:
            LogRefused: if the log is not for such tables, or ends before.
            RecordRefused: at a record that cannot be applied.
            LoaderEnded: if one of the processes was killed.
        """
        applied = await self.positions()
        missing = {
            number: max(0, end - applied.get(number, NOWHERE).next_offset) for number, end in ends.items()
        }
        processes = min(self._parallel, sum(map(bool, missing.values())))
        if processes > 1 and sum(missing.values()) > WORTH_PROCESSES:
            await spread(self._target, ends, missing, processes, tell)
            return
        at_once = asyncio.Semaphore(self._parallel)
        async with asyncio.TaskGroup() as tasks:
            for partition, end in ends.items():
                tasks.create_task(self._load(at_once, partition, end, tell))

    async def _load(self, at_once: asyncio.Semaphore, partition: int, end: int, tell: Tell) -> None:
        async with at_once:
            await self._loader.load(partition, end, tell)

    async def index(self) -> None:
        """Makes what is better made of full tables: the last migrations, the views, the planner's numbers."""
        async with self._pool.acquire() as conn:
            await conn.execute(f"SET maintenance_work_mem = '{INDEX_MEMORY}'")
            await self._migrator.upgrade(conn)
            await self._schemas.refresh_views(conn)
            await conn.execute("ANALYZE")

    async def positions(self) -> Mapping[int, Position]:
        """How far each partition is applied."""
        return await self._loader.positions()


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
        target = Target(settings, projection.name, migrator.schema, migrator.generation, partitions)
        yield Builder(target, projection, migrator, pool, parallel)


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
