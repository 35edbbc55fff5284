"""What edges read of executions: the latest, the like of one, which tier does best, how right routers were."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql
from asyncpg import Pool
from pgvector import Vector as PgVector

from projections.positions import Positions
from projections.projection import Projection
from schemas.vector import Vector

Row = Mapping[str, Any]
"""One row by column names."""

READING = Path(__file__).with_name("reading")


class ExecutionQueries:
    """Reads the tables of one schema."""

    def __init__(self, pool: Pool, projection: Projection, schema: str | None = None) -> None:
        self._pool = pool
        self._positions = Positions(schema or projection.name, projection.log)
        self._sql: Any = aiosql.from_path(READING / "executions.sql", "asyncpg")

    async def model(self) -> str:
        """The embedding model whose vectors stand in the tables."""
        return await self._positions.model(self._pool)

    async def recent(
        self, repo: str | None = None, task_type: str | None = None, limit: int = 50
    ) -> list[Row]:
        """The latest executions, latest first."""
        if repo is None:
            return await self._rows("recent_executions", task_type=task_type, page_size=limit)
        return await self._rows("recent_executions_of", repo=repo, task_type=task_type, page_size=limit)

    async def similar(self, embedding: Vector, limit: int = 10) -> list[Row]:
        """Past executions whose type and description are nearest to this vector (of the schema's model)."""
        async with self._positions.reading(self._pool) as conn:
            await self._sql.look_on(conn)
            rows = self._sql.similar_executions(conn, embedding=PgVector(embedding), page_size=limit)
            return [dict(row) async for row in rows]

    async def best(self, repo: str, task_type: str) -> list[Row]:
        """The tiers that ended such tasks of this repo, best first, each with its evidence."""
        return await self._rows("tiers_of", repo=repo, task_type=task_type)

    async def trend(self, repo: str, since: datetime) -> list[Row]:
        """How this repo's tasks went, day by day."""
        return await self._rows("trend_of", repo=repo, since=since)

    async def calibration(self) -> list[Row]:
        """How right routers were about success and cost, by tier."""
        return await self._rows("calibration_by_tier")

    async def _rows(self, query: str, **told: Any) -> list[Row]:
        async with self._positions.reading(self._pool) as conn:
            return [dict(row) async for row in getattr(self._sql, query)(conn, **told)]
