"""Writes a batch of records: rows and position in one transaction, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import aiosql
import asyncpg
from asyncpg import Connection, Pool

from projections.failures import RecordRefused, reason_of, refuses_the_record
from projections.meters import Meters
from projections.months import Months
from projections.positions import Position, Positions
from projections.projection import Logged, Projection
from projections.waves import Wave, waves
from runtime.clock import Clock, SystemClock
from runtime.fault import Faults
from schemas.generation import FIRST


class Entry(NamedTuple):
    """One message of the log."""

    offset: int
    value: bytes


class Writer:
    """Applies batches of one log to one schema. Partitions may be written at the same time."""

    def __init__(
        self,
        projection: Projection,
        pool: Pool,
        schema: str,
        meters: Meters,
        fault: Faults | None = None,
        clock: Clock | None = None,
        generation: int = FIRST,
    ) -> None:
        """`generation`: of the log whose records are shown."""
        self.positions = Positions(schema, projection.log, generation)
        self._projection = projection
        self._pool = pool
        self._meters = meters
        self._fault = fault or Faults()
        self._clock = clock or SystemClock()
        self._months = Months(projection.months, self.positions)
        self._sql: Any = aiosql.from_path(projection.sql, "asyncpg")

    async def position(self, partition: int) -> Position:
        """How far this partition is shown."""
        return await self.positions.read(self._pool, partition)

    async def stop(self, refusal: RecordRefused) -> None:
        """Tells whoever looks at tables or numbers that a partition waits at this record."""
        self._meters.stopped(refusal.partition)
        await self.positions.stop(self._pool, refusal.partition, refusal.offset, refusal.reason)

    async def model(self) -> str | None:
        """The embedding model that the tables were made for."""
        return await self.positions.model(self._pool)

    async def apply(self, partition: int, at: Position, entries: Sequence[Entry]) -> Position:
        """Shows these entries, which begin at `at`, and returns the position after them.

        What cannot be applied is found by halving; all before it is then shown.

        Raises:
            RecordRefused: with the coordinates of the record that cannot be applied.
            StalePosition: if another projector was faster; nothing was written.
        """
        if not entries:
            return at
        try:
            return await self.write(partition, at, entries)
        except RecordRefused:
            self._months.forget()
            if len(entries) == 1:
                return await self.write(partition, at, entries)
        middle = len(entries) // 2
        at = await self.apply(partition, at, entries[:middle])
        return await self.apply(partition, at, entries[middle:])

    async def write(self, partition: int, at: Position, entries: Sequence[Entry]) -> Position:
        """Shows these entries in one transaction.

        Raises:
            RecordRefused: if one of them cannot be applied; the coordinates are the first one's.
            StalePosition: if another projector was faster.
        """
        logged, planned = self._plan(partition, at, entries)
        try:
            self._fault("before-apply")
            await self._months.ensure(self._pool, logged)
            began = self._clock.monotonic()
            async with self._pool.acquire() as conn:
                at = await self._execute(conn, partition, at, logged, planned)
        except (asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if not refuses_the_record(error):
                raise
            raise self._refused(partition, entries, error) from error
        self._meters.committed(self._clock.monotonic() - began)
        return at

    def _refused(self, partition: int, entries: Sequence[Entry], error: Exception) -> RecordRefused:
        return RecordRefused(self._projection.log, partition, entries[0].offset, reason_of(error))

    def _plan(
        self, partition: int, at: Position, entries: Sequence[Entry]
    ) -> tuple[list[Logged], list[Wave]]:
        try:
            logged = self._read(partition, at, entries)
            return logged, waves(self._projection.changes(logged))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise self._refused(partition, entries, error) from error

    def _read(self, partition: int, at: Position, entries: Sequence[Entry]) -> list[Logged]:
        topic, decode = self._projection.log, self._projection.codec.decode
        logged = []
        for seq, entry in enumerate(entries, start=at.seq):
            record = decode(entry.value)
            if record.seq != seq:
                raise ValueError(f"record {record.seq} stands where record {seq} is expected")
            logged.append(Logged(topic, partition, entry.offset, record, record.decided_at))
        return logged

    async def _execute(
        self,
        conn: Connection,
        partition: int,
        at: Position,
        logged: Sequence[Logged],
        planned: Sequence[Wave],
    ) -> Position:
        to = Position(logged[-1].offset + 1, at.seq + len(logged))
        async with self.positions.entered(conn, partition, at):
            written = [await self._run(conn, wave) for wave in planned]
            await self.positions.move(conn, partition, to, logged[-1].at)
            self._fault("before-postgres-commit")
        self._fault("after-postgres-commit")
        for wave, count in zip(planned, written, strict=True):
            self._meters.wrote(wave.statement.name, len(wave.rows), count)
        self._meters.moved(partition, len(logged), to.next_offset, logged[-1].record.at)
        return to

    async def _run(self, conn: Connection, wave: Wave) -> int:
        """Executes one statement, and returns how many rows it wrote."""
        fields: tuple[str, ...] = wave.statement.row._fields  # type: ignore[attr-defined]
        columns = dict(zip(fields, zip(*wave.rows, strict=True), strict=True))
        began = self._clock.monotonic()
        status: str = await getattr(self._sql, wave.statement.name)(conn, **columns)
        if wave.statement.writes_vectors:
            self._meters.wrote_vectors(wave.statement.name, self._clock.monotonic() - began)
        return int(status.rpartition(" ")[2])
