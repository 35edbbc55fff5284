"""What edges read of executions: the latest, the like of one, which tier does best, how right routers were."""

from __future__ import annotations

from datetime import datetime

from pgvector import Vector as PgVector

from projections.queries import Queries, Row, listed
from schemas.vector import Vector


class ExecutionQueries(Queries):
    """Tasks belong to no shop: only who sees all shops sees them."""

    FILE = "executions.sql"

    async def recent(
        self, repo: str | None = None, task_type: str | None = None, limit: int = 50
    ) -> list[Row]:
        """The latest executions, latest first."""
        if repo is None:
            return await self._rows("recent_executions", task_type=task_type, page_size=limit)
        return await self._rows("recent_executions_of", repo=repo, task_type=task_type, page_size=limit)

    async def similar(self, embedding: Vector, limit: int = 10) -> list[Row]:
        """Past executions whose type and description are nearest to this vector (of the schema's model)."""
        async with self.sight.open() as conn:
            await self._sql.look_on(conn)
            rows = self._sql.similar_executions(conn, embedding=PgVector(embedding), page_size=limit)
            return await listed(rows)

    async def best(self, repo: str, task_type: str) -> list[Row]:
        """The tiers that ended such tasks of this repo, best first, each with its evidence."""
        return await self._rows("tiers_of", repo=repo, task_type=task_type)

    async def trend(self, repo: str, since: datetime) -> list[Row]:
        """How this repo's tasks went, day by day."""
        return await self._rows("trend_of", repo=repo, since=since)

    async def calibration(self) -> list[Row]:
        """How right routers were about success and cost, by tier."""
        return await self._rows("calibration_by_tier")
