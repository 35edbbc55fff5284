"""A connection to an empty database, for what must work before there are tables."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest


@pytest.fixture
async def conn(empty_database: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection to a database without anything in it."""
    connection = await asyncpg.connect(empty_database)
    yield connection
    await connection.close()
