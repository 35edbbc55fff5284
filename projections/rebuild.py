"""Builds the tables of a domain anew from its log alone, and then lets them be read instead of the old ones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from asyncpg import Connection

from projections.building import Builder, building, ends_of
from projections.loading import Ends, Tell, shorter
from projections.positions import NOWHERE, Positions, Shown
from projections.projection import Projection
from projections.schemas import Schemas
from projections.scratch import drop_abandoned
from runtime import postgres
from runtime.migration import Migrator
from runtime.settings import Settings

NEAR = 2000
"""Offsets that may be missing when writers are told to wait: some tenths of a second."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild did."""

    domain: str
    records: int
    resumed: int
    """How many of them an interrupted rebuild had applied."""


class _NotYet(Exception):
    """More has come meanwhile than writers should wait for."""


class Rebuild:
    """Of one domain. Until the swap, the tables that are read know nothing of it."""

    def __init__(self, settings: Settings, projection: Projection, migrator: Migrator, parallel: int) -> None:
        """`migrator`: of the tables that are read."""
        self._settings = settings
        self._projection = projection
        self._migrator = migrator
        self._parallel = parallel
        self._schemas = Schemas()
        self._live = migrator.schema
        self._built, self._old = f"{self._live}_building", f"{self._live}_old"
        self._positions = Positions(self._live, projection.log)

    async def ends(self) -> Ends:
        """What there is to do, as far as can be known before."""
        return await ends_of(self._settings, self._projection)

    async def prepare(self, tell: Tell) -> None:
        """Makes tables for another generation of the log, beside those that are read. Can be repeated.

        Raises:
            As `run` does.
        """
        async with self._claimed() as conn:
            await self._schemas.drop(conn, self._old)
            async with self._building() as builder:
                await builder.load(await self.ends(), tell)
                await builder.index()

    async def take_over(self) -> None:
        """Lets what `prepare` has made be read, once nobody decides: all that was decided is in it.

        Raises:
            As `run` does.
        """

        async def ready() -> None:
            if await self._positions.model(conn) == self._migrator.model:
                await self._schemas.copy(conn, self._live, self._built, self._projection.derived)

        async with self._claimed() as conn:
            if await self._positions.generation(conn) != self._migrator.generation:
                async with self._building() as builder:
                    await builder.load(await self.ends(), _unheard)
                    await builder.index()
                    await self._schemas.swap(conn, self._live, self._built, self._old, ready)
            await self._schemas.drop(conn, self._old)

    async def shown_generation(self) -> int:
        """Of which generation of the log the tables are that are read."""
        conn = await postgres.connect(self._settings, self._live, vectors=False)
        try:
            return await self._positions.generation(conn)
        finally:
            await conn.close()

    async def run(self, tell: Tell) -> Rebuilt:
        """Goes on with what an interrupted rebuild has left, or begins. Interrupted, it can be run again.

        Raises:
            SchemaHeld: if another rebuild of this domain is running.
            LogRefused, RecordRefused: if the log, or one of its records, cannot be shown.
            MigrationRefused: if what is left was made by other migrations: `clean` it.
            LockNotAvailableError: if those who read or write do not let go for long enough.
        """
        async with self._claimed() as conn:
            await self._schemas.drop(conn, self._old)
            async with self._building() as builder:
                resumed = sum(at.seq for at in (await builder.positions()).values())
                await builder.load(await self._ends(conn), tell)
                await builder.index()
                await self._swap(conn, builder)
                records = sum(each.seq for each in await self._shown(conn))
            await self._schemas.drop(conn, self._old)
        return Rebuilt(self._projection.name, records, resumed)

    async def clean(self) -> list[str]:
        """Drops what interrupted rebuilds, and whoever built tables only to look, have left; returns the names.

        Raises:
            SchemaHeld: if a rebuild is running.
        """
        async with self._claimed() as conn:
            left = await self._schemas.like(conn, f"{self._live}\\_%")
            gone = [name for name in left if name in (self._built, self._old)]
            for name in gone:
                await self._schemas.drop(conn, name)
            return gone + await drop_abandoned(conn, self._live)

    def _building(self) -> AbstractAsyncContextManager[Builder]:
        made = self._migrator.beside(self._built)
        return building(self._settings, self._projection, made, self._parallel)

    @asynccontextmanager
    async def _claimed(self) -> AsyncIterator[Connection]:
        conn = await postgres.connect(self._settings, self._live, vectors=False)
        try:
            async with self._schemas.claimed(conn, self._built):
                yield conn
        finally:
            await conn.close()

    async def _swap(self, conn: Connection, builder: Builder) -> None:
        async def ready() -> None:
            ends = {each.partition: each.next_offset for each in await self._shown(conn)}
            applied = await builder.positions()
            missing = (end - applied.get(number, NOWHERE).next_offset for number, end in ends.items())
            if sum(max(0, each) for each in missing) > NEAR:
                raise _NotYet
            await builder.load(ends, _unheard)
            # No record decides these, and what they were made of may have been let go of since.
            await self._schemas.copy(conn, self._live, self._built, self._projection.derived)

        while True:
            await builder.load(await self._ends(conn), _unheard)
            try:
                return await self._schemas.swap(conn, self._live, self._built, self._old, ready)
            except _NotYet:
                continue

    async def _ends(self, conn: Connection) -> Ends:
        """Where the log ends now, which is not before what was shown a moment ago."""
        shown, ends = await self._shown(conn), await self.ends()
        for each in shown:
            if each.next_offset > (end := ends.get(each.partition, 0)):
                raise shorter(f"{self._projection.log}[{each.partition}]", each.next_offset, end)
        return ends

    async def _shown(self, conn: Connection) -> list[Shown]:
        return [each for each in await self._positions.all(conn) if each.topic == self._projection.log]


def _unheard(_: int) -> None:
    """What came meanwhile is no part of what there was to do."""
