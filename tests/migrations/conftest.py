"""An upgraded schema for every test of the tables, narrow enough to be quick."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from uuid import UUID

import asyncpg
import pytest
from pgvector.asyncpg import register_vector

from runtime.migration import Migrator


@pytest.fixture
async def conn(empty_database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database without anything in it."""
    connection = await asyncpg.connect(empty_database)
    yield connection
    await connection.close()


@pytest.fixture
async def learning(conn: asyncpg.Connection) -> asyncpg.Connection:
    """A connection whose search_path begins with an upgraded schema of 16 dimensions."""
    await Migrator("learning", dimensions=16).upgrade(conn)
    await conn.execute("SET search_path = learning, public")
    await register_vector(conn)
    return conn


@pytest.fixture
def new_id() -> Callable[[], UUID]:
    """UUIDs 1, 2, 3, ..."""
    numbers = itertools.count(1)
    return lambda: UUID(int=next(numbers))
