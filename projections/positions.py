"""How far each partition of a log is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
from asyncpg import Connection, Pool

from projections.failures import LogRefused, StalePosition
from schemas.generation import FIRST

OWNER = "none"
"""No other role than that of who is connected: what PostgreSQL calls it."""
ALL_SHOPS = "*"
"""What the setting relearn.shop_ids says of all shops; else it lists them, with commas."""


class Position(NamedTuple):
    """The next offset to apply, and the number that its record must have."""

    next_offset: int
    seq: int


NOWHERE = Position(0, 0)
"""Where a partition is shown up to that is not shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """How far one partition is shown; `stopped_*` where a record cannot be applied."""

    topic: str
    partition: int
    next_offset: int
    seq: int
    decided_at: datetime | None
    stopped_offset: int | None
    stopped_reason: str | None


class Positions:
    """The positions of one log in one schema."""

    def __init__(self, schema: str, topic: str, generation: int = FIRST) -> None:
        """`generation`: of the log whose records are shown."""
        self._schema = schema
        self._topic = topic
        self._generation = generation
        self._sql: Any = aiosql.from_path(Path(__file__).with_name("positions.sql"), "asyncpg")

    async def read(self, pool: Pool, partition: int) -> Position:
        """How far this partition is shown; from now on, even if it is not at all.

        Raises:
            LogRefused: if the tables are of another generation of the log.
        """
        async with pool.acquire() as conn, conn.transaction():
            await self._sql.enter(conn, schema=self._schema)
            await self._check_generation(conn)
            await self._sql.add_position(conn, topic=self._topic, partition=partition)
            return Position(*await self._sql.read_position(conn, topic=self._topic, partition=partition))

    async def _check_generation(self, conn: Connection) -> None:
        if (found := await self._sql.shown_generation(conn)) != self._generation:
            raise LogRefused(
                f"the tables in schema {self._schema} are of generation {found} of the log, not {self._generation}: "
                "`relearn generation list` tells which one is the current, `relearn rebuild` makes its tables"
            )

    async def at(self, conn: Connection, partition: int) -> Position:
        """How far this partition is shown, for whoever only looks."""
        found = await self._sql.read_position(conn, topic=self._topic, partition=partition)
        return NOWHERE if found is None else Position(*found)

    @asynccontextmanager
    async def entered(self, conn: Connection, partition: int, at: Position) -> AsyncIterator[None]:
        """A transaction in which this partition is shown up to `at`, and nobody else moves it.

        Raises:
            StalePosition: if it is not.
        """
        async with conn.transaction():
            await self._sql.enter(conn, schema=self._schema)
            told = {"topic": self._topic, "partition": partition, "generation": self._generation}
            found = await self._sql.lock_position(conn, **told)
            if found is None or tuple(found) != at:
                moved = -1 if found is None else found["next_offset"]
                raise StalePosition(self._topic, partition, at.next_offset, moved)
            yield

    async def enter_to_read(self, conn: Connection, role: str = OWNER, shops: str = ALL_SHOPS) -> None:
        """Until its transaction ends, no other schema is swapped in, and this role reads for these shops."""
        await self._sql.enter_to_read(conn, schema=self._schema, role=role, shops=shops)

    async def all(self, pool: Pool | Connection) -> list[Shown]:
        """Every partition that is or was shown, with where it waits."""
        return [Shown(**row) async for row in self._sql.positions(pool)]

    async def next_offsets(self, pool: Pool | Connection) -> dict[int, int]:
        """The first offset of each partition of the log that is not shown."""
        return {
            each.partition: each.next_offset for each in await self.all(pool) if each.topic == self._topic
        }

    async def move(self, conn: Connection, partition: int, to: Position, decided_at: datetime) -> None:
        """Moves on, within such a transaction."""
        await self._sql.move_position(
            conn, topic=self._topic, partition=partition, decided_at=decided_at, **to._asdict()
        )

    async def stop(self, pool: Pool, partition: int, offset: int, reason: str) -> None:
        """Says which record this partition waits at, for whoever looks at the tables."""
        await self._sql.mark_stopped(
            pool, topic=self._topic, partition=partition, stopped_offset=offset, reason=reason
        )

    async def model(self, pool: Pool | Connection) -> str:
        """The embedding model that the schema was made for."""
        name: str = await self._sql.shown_model(pool)
        return name

    async def generation(self, pool: Pool | Connection) -> int:
        """The generation of the log that the tables show."""
        number: int = await self._sql.shown_generation(pool)
        return number

    async def version(self, pool: Pool) -> int:
        """The version of the projection that fills the schema."""
        number: int = await self._sql.shown_version(pool)
        return number

    async def create_month(self, pool: Pool, table: str, month: datetime) -> None:
        """Makes the partition of this table that holds this month, in a short transaction of its own."""
        async with pool.acquire() as conn, conn.transaction():
            await self._sql.enter(conn, schema=self._schema)
            await self._sql.create_month(conn, table_name=table, month=month.date())
