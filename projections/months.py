"""Month partitions, made when the first row of a month comes and then remembered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from asyncpg import Pool

from projections.positions import Positions
from projections.projection import Logged, Monthly
from schemas.outcome import Outcome

Month = tuple[str, int, int]
"""Table, year, month (UTC)."""


class Months:
    """Which months of which tables are known to be there."""

    def __init__(self, tables: Mapping[type[Outcome], Monthly], positions: Positions) -> None:
        self._tables = tables
        self._positions = positions
        self._known: set[Month] = set()

    async def ensure(self, pool: Pool, logged: Iterable[Logged]) -> None:
        """Makes what these records need and nobody made yet, before their own transaction begins: a new
        partition's foreign key waits for all who write conversations, and they must not wait for us.
        """
        for month in sorted(self._needed(logged) - self._known):
            table, year, number = month
            await self._positions.create_month(pool, table, datetime(year, number, 1, tzinfo=UTC))
            self._known.add(month)

    def forget(self) -> None:
        """Asks the database again: a schema that was swapped in may lack a month."""
        self._known.clear()

    def _needed(self, logged: Iterable[Logged]) -> set[Month]:
        tables = self._tables
        needed: set[Month] = set()
        for entry in logged:
            for outcome in entry.record.outcomes:
                if (monthly := tables.get(type(outcome))) is not None:
                    time = monthly.time(entry, outcome).astimezone(UTC)
                    needed.add((monthly.table, time.year, time.month))
        return needed
