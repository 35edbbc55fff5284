"""Solutions follow from the executions alone, however often they are derived and wherever tasks are decided."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg

from projections.executions.projection import PROJECTION
from projections.executions.solutions import Solutions
from tests.projections.executions.conftest import Show
from tests.streams.executions.tasks import MORNING, Partition, completed, routed, said

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
PARTITIONS = 2


async def derived(pool: asyncpg.Pool, table: str = "solutions") -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch(f"SELECT * FROM {table} ORDER BY 1")]


class Tasks:
    """Two partitions that decide tasks minute by minute."""

    def __init__(self, show: Show) -> None:
        self.partitions = [Partition(number=number) for number in range(PARTITIONS)]
        self.now = MORNING
        self._show, self._count = show, 0

    async def end(
        self, solution: str, *, repo: str = "acme/billing", success: bool = True, quality: float = 80
    ) -> None:
        """One task more, each time in the other partition."""
        self._count += 1
        self.now += MINUTE
        task = f"t{self._count:03}"
        done = completed(task, solution_summary=solution, success=success, quality_score=quality)
        partition = self.partitions[self._count % PARTITIONS]
        partition.hear(said(routed(task, repo=repo)), said(done, time=self.now), at=self.now)

    async def shown(self) -> None:
        """All that was decided is in the tables, and all partitions are past it."""
        self.now += MINUTE
        for partition in self.partitions:
            partition.tick(self.now)
        await self._show(*self.partitions)


async def test_solutions_gather_over_repos_and_partitions(pool: asyncpg.Pool, show: Show) -> None:
    tasks, solutions = Tasks(show), Solutions(pool, PROJECTION.log)
    await tasks.end("Compare in the shop's zone.", quality=90)
    await tasks.end("Compare in the shop's zone.", repo="acme/web", quality=70)
    await tasks.end("Compare in the shop's zone.", repo="acme/app", success=False, quality=10)
    await tasks.end("Something that never worked.", success=False)
    await tasks.end("Escape the quotes.")
    await tasks.shown()
    assert await solutions.derive(0.85, PARTITIONS) == 5
    found = {row["summary"]: row for row in await derived(pool)}
    assert found.keys() == {"Compare in the shop's zone.", "Escape the quotes."}
    zone = found["Compare in the shop's zone."]
    assert (zone["uses"], zone["successes"], zone["repos"]) == (3, 2, ["acme/billing", "acme/web"])
    assert (zone["cross_project"], round(zone["mean_quality"], 6)) == (True, round(170 / 3, 6))
    assert (zone["first_seen"], zone["last_used"]) == (MORNING + MINUTE, MORNING + 3 * MINUTE)
    assert found["Escape the quotes."]["cross_project"] is False
    assert await solutions.derive(0.85, PARTITIONS) == 0


async def test_it_does_not_matter_how_often_they_are_derived(pool: asyncpg.Pool, show: Show) -> None:
    tasks, solutions = Tasks(show), Solutions(pool, PROJECTION.log)
    for number in range(30):
        await tasks.end(f"Solution {number % 4}.", repo=f"acme/{number % 3}", success=number % 5 > 0)
        if number % 7 == 0:
            await tasks.shown()
            await solutions.derive(0.85, PARTITIONS)
    await tasks.shown()
    await solutions.derive(0.85, PARTITIONS)
    bit_by_bit = await derived(pool), await derived(pool, "quality_policies")
    assert len(bit_by_bit[0]) == 4
    await solutions.drop()
    assert await derived(pool) == []
    assert await solutions.derive(0.85, PARTITIONS) == 30
    assert (await derived(pool), await derived(pool, "quality_policies")) == bit_by_bit


async def test_nothing_is_taken_that_another_partition_may_still_come_before(
    pool: asyncpg.Pool, show: Show
) -> None:
    tasks, solutions = Tasks(show), Solutions(pool, PROJECTION.log)
    await tasks.end("One.")
    await tasks.end("Two.")
    await show(tasks.partitions[1])
    assert await solutions.derive(0.85, PARTITIONS) == 0, "a partition was never shown"
    await show(tasks.partitions[0])
    assert await solutions.derive(0.85, PARTITIONS) == 0, (
        "the first partition may still decide in that minute"
    )
    await tasks.shown()
    assert await solutions.derive(0.85, PARTITIONS) == 2


async def test_the_views_lead_with_what_is_sure(pool: asyncpg.Pool, show: Show) -> None:
    tasks, solutions = Tasks(show), Solutions(pool, PROJECTION.log)
    await tasks.end("Lucky once.")
    for number in range(20):
        await tasks.end("Good nearly always.", success=number != 3)
    await tasks.shown()
    await solutions.derive(0.85, PARTITIONS)
    await solutions.refresh()
    found = await pool.fetch("SELECT summary, place FROM solution_patterns_mv ORDER BY place")
    assert [tuple(row) for row in found] == [("Good nearly always.", 1), ("Lucky once.", 2)]
    (tier,) = await pool.fetch("SELECT * FROM tier_performance_mv")
    assert (tier["model_tier"], tier["runs"], tier["success_rate"]) == ("small", 21, 20 / 21)
    (pooled,) = await pool.fetch("SELECT * FROM pool_performance_mv")
    assert (pooled["pool_type"], pooled["p95_duration"]) == ("cpu", 150.0)


async def test_a_repo_matures_with_its_history(pool: asyncpg.Pool, show: Show) -> None:
    tasks, solutions = Tasks(show), Solutions(pool, PROJECTION.log)
    for number in range(100):
        await tasks.end("It.", repo="old", quality=80 + number % 10)
    for _ in range(20):
        await tasks.end("It.", repo="young")
    await tasks.end("It.", repo="new")
    await tasks.shown()
    await solutions.derive(0.85, PARTITIONS)
    found = {row["repo"]: row for row in await derived(pool, "quality_policies")}
    assert {repo: row["maturity"] for repo, row in found.items()} == {
        "old": "mature",
        "young": "growing",
        "new": "new",
    }
    assert found["new"]["minimum_quality"] == 60
    assert found["young"]["minimum_quality"] == 80
    assert 80 < found["old"]["minimum_quality"] < 84.5
