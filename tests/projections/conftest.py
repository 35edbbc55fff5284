"""Empty learning tables, as many as a test wants, and writers of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from prometheus_client import CollectorRegistry

from projections.learning.projection import PROJECTION
from projections.meters import Meters
from projections.writer import Writer
from runtime.postgres import create_pool
from runtime.settings import Settings

NewPool = Callable[[], Awaitable[asyncpg.Pool]]


@asynccontextmanager
async def empty_tables(server: str, template: str) -> AsyncIterator[asyncpg.Pool]:
    """A pool of connections to a database that is dropped afterwards."""
    name = f"shown_{uuid4().hex}"
    owner = await asyncpg.connect(server)
    await owner.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    url = urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    settings = Settings(kafka_bootstrap_servers="nowhere:9092", database_url=url)
    async with await create_pool(settings, "learning", min_size=0, max_size=4) as pool:
        yield pool
    await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await owner.close()


@pytest.fixture
async def new_pool(postgres: str, template: str) -> AsyncIterator[NewPool]:
    """Makes pools, each of empty tables of its own."""
    async with AsyncExitStack() as stack:
        yield lambda: stack.enter_async_context(empty_tables(postgres, template))


@pytest.fixture
async def pool(new_pool: NewPool) -> asyncpg.Pool:
    return await new_pool()


def new_writer(pool: asyncpg.Pool) -> Writer:
    return Writer(PROJECTION, pool, "learning", Meters("learning", CollectorRegistry()))


@pytest.fixture
def writer(pool: asyncpg.Pool) -> Writer:
    return new_writer(pool)
