"""`relearn executions` on tables that a projection has filled."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from prometheus_client import CollectorRegistry

from cli.chores import derive_solutions, workshop
from projections.executions.projection import PROJECTION
from projections.meters import Meters
from projections.writer import Entry, Writer
from runtime import kafka
from runtime.clock import SystemClock
from runtime.postgres import create_pool
from runtime.settings import Settings
from schemas.topics import every_topic
from tests.cli.running import relearn
from tests.streams.executions.tasks import CODEC, Partition, completed, routed, said

CLOCK = SystemClock()


@pytest.fixture
async def filled(settings: Settings) -> Settings:
    """Two tiers that did the same tasks of one repo, one better than the other, today."""
    partition = Partition()
    for number in range(8):
        tier = ("small", "large")[number % 2]
        done = completed(f"t{number}", success=tier == "large" or number < 2, solution_summary=None)
        partition.hear(
            said(routed(f"t{number}", model_tier=tier, task_description=f"Do {number}\x1b[2J")),
            said(done, time=CLOCK.now()),
            at=CLOCK.now(),
        )
    entries = [Entry(offset, CODEC.encode(record)) for offset, record in enumerate(partition.records)]
    async with await create_pool(settings, PROJECTION.name, max_size=2) as pool:
        writer = Writer(PROJECTION, pool, PROJECTION.name, Meters(PROJECTION.name, CollectorRegistry()))
        await writer.apply(0, await writer.position(0), entries)
    return settings


async def told(settings: Settings, *words: str) -> tuple[str, Any]:
    """What a command says to a person, and to a program."""
    env = {**settings.environment(), "COLUMNS": "200"}
    shown = await relearn("executions", *words, env=env)
    read = await relearn("executions", *words, "--json", env=env)
    assert shown.exit_code == read.exit_code == 0, shown.output + read.output
    return shown.stdout, orjson.loads(read.stdout)


async def test_the_best_tier_leads(filled: Settings) -> None:
    shown, (first, second) = await told(filled, "best", "--repo", "acme/billing", "--type", "bug_fix")
    assert (first["model_tier"], first["runs"], first["success_rate"]) == ("large", 4, 1.0)
    assert (second["model_tier"], second["success_rate"]) == ("small", 0.25)
    assert shown.index("large") < shown.index("small")
    shown, rows = await told(filled, "best", "--repo", "acme/billing", "--type", "nothing")
    assert (shown, rows) == ("nothing found\n", [])


async def test_what_happened_lately_and_day_by_day(filled: Settings) -> None:
    shown, rows = await told(filled, "recent", "--repo", "acme/billing", "--limit", "3")
    assert [row["task_id"] for row in rows] == ["t7", "t6", "t5"]
    assert "t7" in shown
    _, (day,) = await told(filled, "trend", "--repo", "acme/billing")
    assert (day["runs"], day["success_rate"]) == (8, 0.625)
    assert await told(filled, "trend", "--repo", "acme/nowhere") == ("nothing found\n", [])


async def test_calibration_and_the_like_of_a_task(filled: Settings) -> None:
    _, rows = await told(filled, "calibration")
    assert {row["model_tier"]: round(row["brier"], 4) for row in rows} == {"large": 0.04, "small": 0.49}
    shown = await relearn("executions", "similar", "Do 3", "--limit", "2", env=filled.environment())
    assert shown.exit_code == 0, shown.output
    assert "bug_fix" not in shown.stdout
    assert "\x1b" not in shown.stdout
    assert "Do " in shown.stdout


async def test_solutions_are_derived_by_a_job(filled: Settings) -> None:
    await kafka.create_topics(filled, every_topic())
    async with workshop(filled, CLOCK) as shop:
        assert await derive_solutions(shop) == "nothing has been decided yet"


async def test_a_repo_must_be_named(settings: Settings) -> None:
    done = await relearn("executions", "best", "--type", "bug_fix", env=settings.environment())
    assert done.exit_code == 2
    assert "--repo" in done.stderr
