"""The numbers that jobs refresh, for dashboards."""

from __future__ import annotations

from datetime import date

from projections.queries import Queries, Row


class LearningMetrics(Queries):
    """Of one shop, or of all that can be seen, day by day (UTC); the first and the last day are included."""

    FILE = "metrics.sql"

    async def learning(
        self,
        shop_id: int | None = None,
        source_type: str | None = None,
        first_day: date | None = None,
        last_day: date | None = None,
    ) -> list[Row]:
        """How many items began, by source and the state that they were in at the last refresh (nightly)."""
        told = {"shop_id": shop_id, "first_day": first_day, "last_day": last_day}
        return await self._rows("learning_by_day", source_type=source_type, **told)

    async def responses(
        self,
        shop_id: int | None = None,
        response_type: str | None = None,
        first_day: date | None = None,
        last_day: date | None = None,
    ) -> list[Row]:
        """How answers fared, by type, at the last refresh (hourly). conversion_rate: of those whose outcome is known,
        0 to 1; avg_response_time in milliseconds.
        """
        told = {"shop_id": shop_id, "first_day": first_day, "last_day": last_day}
        return await self._rows("responses_by_day", response_type=response_type, **told)
