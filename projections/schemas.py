"""Whole schemas: made for a while, swapped, dropped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosql
import stamina
from asyncpg import Connection
from asyncpg.exceptions import LockNotAvailableError

from projections.positions import ALL_SHOPS

PATIENCE_SECONDS = 60.0
"""How long a swap or a drop is tried against those who hold the schema."""


class SchemaHeld(Exception):
    """Somebody else is building or using this schema. The message says which."""

    def __init__(self, schema: str) -> None:
        super().__init__(f"schema {schema} is being built or used by another process")
        self.schema = schema


class SchemaTaken(Exception):
    """A schema of this name is there, or its name has another use."""

    def __init__(self, schema: str) -> None:
        super().__init__(f"the name {schema} is not free: choose another one for a schema")
        self.schema = schema


class Schemas:
    """Works on schemas by their names."""

    def __init__(self) -> None:
        self._sql: Any = aiosql.from_path(Path(__file__).with_name("schemas.sql"), "asyncpg")

    @asynccontextmanager
    async def claimed(self, conn: Connection, schema: str) -> AsyncIterator[None]:
        """Nobody else builds or drops this schema meanwhile.

        Raises:
            SchemaHeld: if somebody does so now.
        """
        if not await self._sql.claim(conn, schema=schema):
            raise SchemaHeld(schema)
        try:
            yield
        finally:
            if not conn.is_closed():
                await self._sql.give_up(conn, schema=schema)

    async def is_there(self, conn: Connection, schema: str) -> bool:
        """Whether there is a schema of this name."""
        found: bool = await self._sql.is_there(conn, schema=schema)
        return found

    async def like(self, conn: Connection, pattern: str) -> list[str]:
        """The schemas whose names fit an SQL pattern."""
        return [row["nspname"] async for row in self._sql.schemas_like(conn, pattern=pattern)]

    async def drop(self, conn: Connection, schema: str) -> None:
        """Drops a schema with all that is in it, when those who still read it let go of it.

        Raises:
            LockNotAvailableError: if they do not.
        """
        statement = await self._sql.drop_statement(conn, schema=schema)
        async for attempt in stamina.retry_context(
            on=LockNotAvailableError, attempts=None, timeout=PATIENCE_SECONDS
        ):
            with attempt:
                async with conn.transaction():
                    # Whoever waits for a lock holds up all who come after.
                    await self._sql.wait_briefly(conn)
                    await conn.execute(statement)

    async def rename(self, conn: Connection, schema: str, becomes: str) -> None:
        """Gives a schema another name, which is free."""
        await conn.execute(await self._sql.rename_statement(conn, schema=schema, becomes=becomes))

    async def swap(
        self, conn: Connection, live: str, built: str, old: str, ready: Callable[[], Awaitable[None]]
    ) -> None:
        """Lets `built` be read as `live`, which becomes `old`: at once, with whoever may use it.

        `ready` is awaited when nobody writes any more.

        Raises:
            LockNotAvailableError: if those who write or read do not let go of it.
        """
        async for attempt in stamina.retry_context(
            on=LockNotAvailableError, attempts=None, timeout=PATIENCE_SECONDS
        ):
            with attempt:
                async with conn.transaction():
                    await self._sql.wait_briefly(conn)
                    await self._sql.shut(conn, schema=live)
                    await ready()
                    await self._execute(conn, self._sql.grant_statements(conn, source=live, target=built))
                    await self.rename(conn, live, old)
                    await self.rename(conn, built, live)

    async def copy(self, conn: Connection, source: str, target: str, tables: tuple[str, ...]) -> None:
        """Fills tables of one schema with the rows of another's."""
        told = {"source": source, "target": target, "tables": list(tables)}
        await self._execute(conn, self._sql.copy_statements(conn, **told))

    async def refresh_views(self, conn: Connection) -> None:
        """Computes every materialized view of the schema in front."""
        await self._execute(conn, self._sql.refresh_statements(conn))

    async def see_all(self, conn: Connection) -> None:
        """Lets views show every shop to this connection."""
        await self._sql.see(conn, shops=ALL_SHOPS)

    async def _execute(self, conn: Connection, statements: AsyncIterator[Any]) -> None:
        for statement in [row["statement"] async for row in statements]:
            await conn.execute(statement)
