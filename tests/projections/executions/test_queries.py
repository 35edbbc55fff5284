"""What is served of executions is what a computation by hand gives."""

from __future__ import annotations

from datetime import timedelta

import asyncpg
import pytest

from projections.executions.projection import PROJECTION
from projections.executions.queries import ExecutionQueries
from tests.projections.executions.conftest import Show
from tests.streams.executions.tasks import MORNING, Partition, completed, routed, said, vector

DAY = timedelta(days=1)


@pytest.fixture
async def ask(pool: asyncpg.Pool, show: Show) -> ExecutionQueries:
    """A lucky large run, and small ones that mostly succeed; another repo and type beside them."""
    partition = Partition()
    ended = [("large", True), *(("small", number != 0) for number in range(10))]
    for number, (tier, success) in enumerate(ended):
        task, at = f"t{number:02}", MORNING + (number % 2) * DAY
        partition.hear(
            said(routed(task, model_tier=tier, task_description=f"Task {number}.", routing_confidence=0.9)),
            said(completed(task, success=success, quality_score=50.0 + number), time=at),
        )
    partition.hear(
        said(routed("w1", repo="acme/web", cost_estimate=None)), said(completed("w1"), time=MORNING)
    )
    await show(partition)
    return ExecutionQueries(pool, PROJECTION)


async def test_the_best_tier_is_the_one_that_is_surely_good(ask: ExecutionQueries) -> None:
    small, large = await ask.best("acme/billing", "bug_fix")
    assert (small["model_tier"], small["runs"], small["successes"]) == ("small", 10, 9)
    assert small["lower_bound"] == pytest.approx(0.5958, abs=1e-4)
    assert (large["model_tier"], large["success_rate"]) == ("large", 1.0)
    assert large["lower_bound"] == pytest.approx(0.2065, abs=1e-4)
    assert await ask.best("acme/billing", "refactoring") == []


async def test_the_like_of_a_task_is_found_by_its_words(ask: ExecutionQueries) -> None:
    nearest, *others = await ask.similar(vector("bug_fix: Task 7."), limit=3)
    assert (nearest["task_id"], round(nearest["similarity"], 2)) == ("t07", 1.0)
    assert all(each["similarity"] < 0.5 for each in others)


async def test_the_latest_come_first(ask: ExecutionQueries) -> None:
    found = await ask.recent("acme/billing", limit=6)
    assert {row["task_id"] for row in found[:5]} == {"t01", "t03", "t05", "t07", "t09"}
    assert [row["task_id"] for row in await ask.recent("acme/web")] == ["w1"]
    assert len(await ask.recent()) == 12


async def test_the_trend_has_a_row_a_day(ask: ExecutionQueries) -> None:
    first, second = await ask.trend("acme/billing", MORNING - DAY)
    assert (first["date"], first["runs"], first["success_rate"]) == (MORNING.date(), 6, 1.0)
    assert (second["runs"], second["success_rate"]) == (5, 0.8)
    assert [row["runs"] for row in await ask.trend("acme/billing", MORNING + DAY)] == [5]


async def test_calibration_is_of_confidence_and_cost(ask: ExecutionQueries) -> None:
    large, small = await ask.calibration()
    assert (large["model_tier"], large["runs"]) == ("large", 1)
    assert large["brier"] == pytest.approx(0.01)
    assert (small["runs"], small["cost_runs"]) == (11, 10)
    # Nine of ten at 0.9, one failed; the other repo's at 0.8.
    assert small["brier"] == pytest.approx((9 * 0.01 + 0.81 + 0.04) / 11)
    assert (small["mean_cost_error"], small["mean_relative_cost_error"]) == (1.0, 0.5)


async def test_as_many_are_found_as_are_asked_for(ask: ExecutionQueries, pool: asyncpg.Pool) -> None:
    await pool.execute(MANY)
    database = await pool.fetchval("SELECT current_database()")
    # So few rows would not be looked up by the index.
    await pool.execute(f"ALTER DATABASE {database} SET enable_seqscan = off")
    await pool.expire_connections()
    found = await ask.similar(vector("bug_fix: Task 7."), limit=150)
    assert len(found) == 150
    similarities = [row["similarity"] for row in found]
    assert similarities == pytest.approx(sorted(similarities, reverse=True), abs=1e-4)


MANY = """
INSERT INTO executions (task_id, timestamp, embedding, recorded_at, log_partition)
SELECT 'many-' || n, '2026-03-12 09:00+00',
       (SELECT array_agg(random() - 0.5) FROM generate_series(1, 384) WHERE n > 0)::VECTOR, '2026-03-12 09:00+00', 0
  FROM generate_series(1, 300) AS n
"""
