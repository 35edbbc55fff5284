"""What tables hold, row by row, so that two schemas can be compared."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Mapping, Sequence
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

    def __init__(self, conn: Connection, projection: Projection, shops: Shops = None) -> None:
        self._conn = conn
        self._without = [*BOOKKEEPING, *projection.derived]
        self._shops = shops
        self._sql: Any = aiosql.from_path(Path(__file__).with_name("contents.sql"), "asyncpg")

    async def tables(self) -> Mapping[str, Table]:
        """The tables that the log decides; of some shops, those whose rows belong to shops."""
        rows = self._sql.tables(self._conn, without=self._without)
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


@dataclass(frozen=True, slots=True)
class DifferentRow:
    """A row that is not the same in both; None where it is missing, else only what differs, by column."""

    key: str
    ours: Mapping[str, Any] | None
    theirs: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One table. `rows` of ours; `different` counts all rows that differ; `examples` are the first of them."""

    table: str
    rows: int
    different: int = 0
    examples: Sequence[DifferentRow] = ()


async def compared(
    ours: Contents, theirs: Contents, most: int, only: Container[str] | None = None
) -> AsyncIterator[Compared]:
    """The tables that both have, or `only` some of them, with `most` examples of each. Within transactions."""
    others = await theirs.tables()
    for name, table in (await ours.tables()).items():
        if name in others and (only is None or name in only):
            yield await _compared(ours, table, theirs, others[name], most)


async def _compared(ours: Contents, our: Table, theirs: Contents, their: Table, most: int) -> Compared:
    content = await ours.content(our)
    if content == await theirs.content(their):
        return Compared(our.name, content.rows)
    keys = [key async for key in _different(ours.hashes(our), theirs.hashes(their))]
    here, there = await ours.rows(our, keys[:most]), await theirs.rows(their, keys[:most])
    examples = [_example(key, here.get(key), there.get(key)) for key in keys[:most]]
    return Compared(our.name, content.rows, len(keys), examples)


async def _different(
    ours: AsyncIterator[tuple[str, bytes]], theirs: AsyncIterator[tuple[str, bytes]]
) -> AsyncIterator[str]:
    """The keys that only one has, or with another row; both are in the order of keys."""
    a, b = await anext(ours, None), await anext(theirs, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0].encode() < b[0].encode()):
            assert a is not None
            yield a[0]
            a = await anext(ours, None)
        elif a is None or b[0].encode() < a[0].encode():
            yield b[0]
            b = await anext(theirs, None)
        else:
            if a[1] != b[1]:
                yield a[0]
            a, b = await anext(ours, None), await anext(theirs, None)


def _example(key: str, ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None) -> DifferentRow:
    if ours is None or theirs is None:
        return DifferentRow(key, ours, theirs)
    names = [name for name in theirs if ours.get(name) != theirs[name]]
    return DifferentRow(key, {n: ours.get(n) for n in names}, {n: theirs[n] for n in names})
