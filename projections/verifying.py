"""Holds the tables that are read against tables built from the log up to the very same positions."""

from __future__ import annotations

from collections.abc import Sequence

from asyncpg import Connection

from projections.contents import Compared, Contents, Shops, compared
from projections.failures import LogRefused
from projections.loading import Ends, Tell
from projections.positions import Positions
from projections.projection import Projection
from projections.scratch import scratch
from runtime import postgres
from runtime.migration import Migrator
from runtime.settings import Settings

SHOWN_ROWS = 20
"""Of each table that differs."""


class Verification:
    """Of one domain, at one moment: what is shown later is not looked at."""

    def __init__(
        self,
        settings: Settings,
        projection: Projection,
        migrator: Migrator,
        shops: Shops = None,
        partitions: Sequence[int] | None = None,
    ) -> None:
        """`partitions`: those of the shops, where only these are to be verified."""
        self._settings = settings
        self._projection = projection
        self._migrator = migrator
        self._shops = shops
        self._partitions = partitions

    async def run(self, begin: Tell, tell: Tell) -> list[Compared]:
        """Every table, compared. `begin` hears how many offsets there are.

        Raises:
            LogRefused, RecordRefused: if the log, or one of its records, cannot be shown, or ends too early.
        """
        live = self._migrator.schema
        positions = Positions(live, self._projection.log)
        pool = await postgres.create_pool(self._settings, live, max_size=1)
        # One moment, however long it takes; and the schema stays the same one.
        async with pool, pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            await positions.enter_to_read(conn)
            ends = await self._ends(conn, positions)
            begin(sum(ends.values()))
            async with (
                scratch(self._settings, self._projection, self._migrator, ends, tell) as other,
                other.transaction(readonly=True),
            ):
                shown = Contents(conn, self._projection, self._shops)
                logged = Contents(other, self._projection, self._shops)
                if names := (await shown.tables()).keys() ^ (await logged.tables()).keys():
                    raise LogRefused(f"schema {live} has not the tables of this release: {', '.join(names)}")
                return [one async for one in compared(shown, logged, SHOWN_ROWS)]

    async def _ends(self, conn: Connection, positions: Positions) -> Ends:
        return {
            each.partition: each.next_offset
            for each in await positions.all(conn)
            if each.topic == self._projection.log
            and (self._partitions is None or each.partition in self._partitions)
        }
