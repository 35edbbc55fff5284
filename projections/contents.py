"""What tables hold, row by row, so that two schemas can be compared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql
from asyncpg import Connection

from projections.projection import Projection

BOOKKEEPING = (
    "schema_migrations",
    "projection",
    "positions.stopped_offset",
    "positions.stopped_reason",
)
"""What is of a schema, not of the log: tables, and columns as `table.column`."""

PAGE = 10_000

Shops = Sequence[int] | None
"""Only what belongs to these; None: everything."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table, and the statements that tell of it."""

    name: str
    has_shop: bool
    content: str
    hashes: str
    rows: str


@dataclass(frozen=True, slots=True)
class Content:
    """How many rows, and the hash of all of them whatever their order."""

    rows: int
    hash: str


class Contents:
    """Of the schema that a connection has in front."""

    def __init__(self, conn: Connection, projection: Projection, schema: str, shops: Shops = None) -> None:
        self._conn = conn
        self._without = [*BOOKKEEPING, *projection.derived]
        self._schema = schema
        self._shops = shops
        self._sql: Any = aiosql.from_path(Path(__file__).with_name("contents.sql"), "asyncpg")

    async def tables(self) -> Mapping[str, Table]:
        """The tables that the log decides; of some shops, those whose rows belong to shops."""
        rows = self._sql.tables(self._conn, schema=self._schema, without=self._without)
        found = [Table(**row) async for row in rows]
        return {each.name: each for each in found if self._shops is None or each.has_shop}

    async def content(self, table: Table) -> Content:
        """What it holds."""
        return Content(**await self._conn.fetchrow(table.content, self._shops))

    async def hashes(self, table: Table) -> AsyncIterator[tuple[str, bytes]]:
        """Each row's key and hash, in the order of keys. Within a transaction."""
        async for row in self._conn.cursor(table.hashes, self._shops, prefetch=PAGE):
            yield row["key"], row["hash"]

    async def rows(self, table: Table, keys: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
        """Rows by their keys, whole."""
        return {row["key"]: row["row"] for row in await self._conn.fetch(table.rows, keys)}
