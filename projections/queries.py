"""What is asked of a domain's tables, and for whom."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping
from copy import copy
from typing import Any, ClassVar, Self

import aiosql
from asyncpg import Pool

from projections.positions import Positions
from projections.projection import Projection
from projections.sight import Sight

Row = Mapping[str, Any]
"""One row by column names."""


class Queries:
    """Questions to the tables of one schema, each answered in one transaction: to their owner, or `for_shops`."""

    FILE: ClassVar[str] = ""
    """Where the statements stand: in the domain's folder `reading`; empty: all that is in it."""

    def __init__(self, pool: Pool, projection: Projection, schema: str | None = None) -> None:
        """`schema`: where it is not named as the domain."""
        self._positions = Positions(schema or projection.name, projection.log)
        self.sight = Sight(pool, self._positions)
        self._sql: Any = aiosql.from_path(projection.sql.parent / "reading" / self.FILE, "asyncpg")

    def for_shops(self, shops: Collection[int] | None) -> Self:
        """The same questions, answered from the rows of these shops alone; None: from those of all shops.

        Costs nothing, so that it can be done for every request.

        Raises, when asked:
            SightRefused: if the user of the database may not read so.
        """
        others = copy(self)
        others.sight = self.sight.for_shops(shops)
        return others

    async def model(self) -> str:
        """The embedding model whose vectors stand in the tables."""
        async with self.sight.open() as conn:
            return await self._positions.model(conn)

    async def _rows(self, query: str, /, **told: Any) -> list[Row]:
        async with self.sight.open() as conn:
            return await listed(getattr(self._sql, query)(conn, **told))


async def listed(rows: AsyncIterator[Any]) -> list[Row]:
    """The rows as plain dictionaries."""
    return [dict(row) async for row in rows]
