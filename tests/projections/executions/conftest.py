"""Empty execution tables, and logs shown in them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from projections.executions.projection import PROJECTION
from projections.meters import Meters
from projections.writer import Entry, Writer
from runtime.postgres import create_pool
from runtime.settings import Settings
from tests.conftest import new_database
from tests.streams.executions.tasks import CODEC, Partition

Show = Callable[..., Awaitable[None]]


@pytest.fixture
async def pool(postgres: str, template: str) -> AsyncIterator[asyncpg.Pool]:
    async for url in new_database(postgres, template):
        settings = Settings(kafka_bootstrap_servers="nowhere:9092", database_url=url)
        async with await create_pool(settings, PROJECTION.name, min_size=0, max_size=4) as pool:
            yield pool


@pytest.fixture
def show(pool: asyncpg.Pool) -> Show:
    """Shows what partitions have decided since they were shown last."""
    writer = Writer(PROJECTION, pool, PROJECTION.name, Meters(PROJECTION.name, CollectorRegistry()))

    async def show(*partitions: Partition) -> None:
        for each in partitions:
            at = await writer.position(each.number)
            entries = [
                Entry(offset, CODEC.encode(record))
                for offset, record in enumerate(each.records)
                if offset >= at.next_offset
            ]
            await writer.apply(each.number, at, entries)

    return show
