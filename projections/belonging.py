"""What the tables hold of one partition of the log, record by record: to be compared with the log itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiosql
from asyncpg import Connection, Pool

from projections.positions import Position, Positions
from projections.projection import Projection


@dataclass(frozen=True, slots=True)
class Audited:
    """The audit rows of one record: their actions, sorted."""

    offset: int
    actions: Sequence[str]


class ShownPartition:
    """One partition as the tables have it, at one moment."""

    def __init__(self, conn: Connection, sql: Any, topic: str, partition: int, position: Position) -> None:
        self._conn, self._sql = conn, sql
        self._of = {"topic": topic, "partition": partition}
        self.position = position

    async def audited(self) -> AsyncIterator[Audited]:
        """Each record up to the position, in the log's order."""
        told = {**self._of, "next_offset": self.position.next_offset}
        async with self._sql.audited_cursor(self._conn, **told) as rows:
            async for row in rows:
                yield Audited(row["log_offset"], row["actions"])

    async def audited_beyond(self) -> int | None:
        """The first record behind the position that the audit holds all the same."""
        told = {**self._of, "next_offset": self.position.next_offset}
        found: int | None = await self._sql.audited_beyond(self._conn, **told)
        return found

    async def shops(self) -> set[int]:
        """The shops that are in this partition."""
        rows = self._sql.shops_of(self._conn, partition=self._of["partition"])
        return {row["shop_id"] async for row in rows}


@asynccontextmanager
async def shown_partition(
    pool: Pool, projection: Projection, partition: int
) -> AsyncIterator[ShownPartition]:
    """A partition, as it is when the block begins, however long that lasts."""
    sql: Any = aiosql.from_path(projection.sql.parent / "reading" / "belonging.sql", "asyncpg")
    async with pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
        position = await Positions(projection.name, projection.log).at(conn, partition)
        yield ShownPartition(conn, sql, projection.log, partition, position)
