"""What the tables show of a log: joined executions, opinions, and what retention leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from schemas.control import RetentionAdvanced
from tests.projections.executions.conftest import Show
from tests.streams.executions.tasks import (
    HOURS,
    MORNING,
    Partition,
    completed,
    feedback,
    routed,
    said,
    started,
)

DAY = timedelta(days=1)


async def rows(pool: asyncpg.Pool, table: str = "executions") -> list[dict[str, Any]]:
    return [dict(row) for row in await pool.fetch(f"SELECT * FROM {table} ORDER BY task_id")]


async def test_an_execution_has_all_that_both_halves_say(pool: asyncpg.Pool, show: Show) -> None:
    partition = Partition()
    partition.hear(
        said(started()), said(completed(tokens_used=7), time=MORNING + HOURS), said(routed(metadata={"a": 1}))
    )
    await show(partition)
    (row,) = await rows(pool)
    told = {"task_id": "t1", "timestamp": MORNING + HOURS, "repo": "acme/billing", "model_tier": "small"}
    told |= {
        "pool_id": "cpu-1",
        "success": True,
        "duration_seconds": 150.0,
        "cost_error": 1.0,
        "user_rating": None,
    }
    assert told.items() <= row.items()
    metadata = row["metadata"]
    assert metadata["routing"] == {"a": 1}
    assert metadata["tokens_used"] == 7
    assert row["embedding"] is not None
    assert row["solution_embedding"] is not None


async def test_opinions_are_kept_and_the_latest_counts(pool: asyncpg.Pool, show: Show) -> None:
    partition = Partition()
    partition.hear(said(routed()), said(feedback(accepted=True, rating=2)), said(completed()))
    await show(partition)
    partition.hear(said(feedback(rating=5)), said(feedback(accepted=False)), said(feedback("t9", rating=1)))
    await show(partition)
    (row,) = await rows(pool)
    assert (row["user_accepted"], row["user_rating"]) == (False, 5)
    assert [each["task_id"] for each in await rows(pool, "task_feedback")] == ["t1", "t1", "t1", "t9"]


async def test_what_never_ended_has_no_success(pool: asyncpg.Pool, show: Show) -> None:
    partition = Partition()
    partition.hear(said(routed("t1")), said(completed("t2")))
    partition.tick(MORNING + DAY)
    await show(partition)
    abandoned, unrouted = await rows(pool)
    assert (abandoned["success"], abandoned["repo"], abandoned["timestamp"]) == (
        None,
        "acme/billing",
        MORNING,
    )
    assert abandoned["metadata"]["abandoned"] is True
    assert (unrouted["success"], unrouted["repo"], unrouted["embedding"]) == (True, None, None)


async def test_a_task_that_the_decider_has_forgotten_is_not_stored_twice(
    pool: asyncpg.Pool, show: Show
) -> None:
    partition = Partition()
    partition.hear(said(routed()), said(completed()))
    partition.tick(MORNING + 8 * DAY)
    partition.hear(said(completed(success=False), name="late", time=MORNING + 8 * DAY), at=MORNING + 8 * DAY)
    partition.tick(MORNING + 10 * DAY)
    await show(partition)
    (row,) = await rows(pool)
    assert (row["success"], row["timestamp"]) == (True, MORNING)


async def test_old_months_leave_and_a_rebuild_does_not_bring_them_back(
    pool: asyncpg.Pool, show: Show
) -> None:
    here, there = Partition(number=0), Partition(number=1)
    old = MORNING - 100 * DAY
    for partition in (here, there):
        for name, time in (("old", old), ("new", MORNING)):
            task = f"{name}-{partition.number}"
            partition.hear(
                said(routed(task), time=time),
                said(completed(task), time=time),
                said(feedback(task), time=time),
            )
    here.hear(said(RetentionAdvanced(partition=0, before=MORNING - 90 * DAY)))
    # In one go, as a rebuild does it, and so in the same transaction as what it removes.
    await show(here, there)
    assert [row["task_id"] for row in await rows(pool)] == ["new-0", "new-1", "old-1"]
    assert [row["task_id"] for row in await rows(pool, "task_feedback")] == ["new-0", "new-1", "old-1"]


async def test_the_audit_tells_who_and_what_and_is_append_only(pool: asyncpg.Pool, show: Show) -> None:
    partition = Partition()
    partition.hear(
        said(routed()), said(completed()), said(completed(success=False)), said(feedback(rating=1))
    )
    partition.hear(said(routed("t2")))
    partition.tick(MORNING + DAY)
    await show(partition)
    found = await pool.fetch(
        "SELECT action, actor, entity_id FROM executions_audit_log ORDER BY log_offset, place"
    )
    assert [tuple(row) for row in found] == [
        ("PolicyAdopted", "policy", None),
        ("RoutingKept", "/orchestrator", "t1"),
        ("ExecutionRecorded", "/orchestrator", "t1"),
        ("TaskRefused", "/orchestrator", "t1"),
        ("TaskFeedbackStored", "dev-ines", "t1"),
        ("RoutingKept", "/orchestrator", "t2"),
        ("ExecutionAbandoned", "policy", "t2"),
    ]
    with pytest.raises(asyncpg.RestrictViolationError):
        await pool.execute("DELETE FROM executions_audit_log")
