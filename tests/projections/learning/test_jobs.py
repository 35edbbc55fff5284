"""The views are refreshed; of two variants the better one wins, once there is enough of both."""

from __future__ import annotations

import asyncpg
import pytest

from projections.learning.jobs import Arm, LearningJobs, winners
from projections.writer import Writer
from schemas.response import ResponseServed
from schemas.stored import ResponseStored
from tests.projections.learning_log import SHOP, Log


def serve(log: Log, variant: str | None, converted: bool | None) -> None:
    data = ResponseServed(
        conversation_id=log.new_id(),
        response_text="5 days",
        response_type="chat",
        ab_test_variant=variant,
        led_to_conversion=converted,
    )
    event = log.event(data)
    log.add(event, ResponseStored(shop_id=SHOP, id=event.id))


async def test_only_the_first_responses_count(pool: asyncpg.Pool, writer: Writer) -> None:
    log, jobs = Log().opened(), LearningJobs(pool)
    for number in range(40):
        serve(log, "a", number % 10 < 9)
        serve(log, "b", number % 10 < 3)
        serve(log, "a", None)
        serve(log, None, True)
    for _ in range(40):
        serve(log, "b", True)
    serve(log, "c", True)
    await writer.apply(0, await writer.position(0), log.entries)

    (won,) = await jobs.ab_winners(40, 0.05)
    assert (won.shop_id, won.response_type, won.variant, won.other) == (SHOP, "chat", "a", "b")
    assert (won.conversions, won.other_conversions, won.sample_size) == (36, 12, 40)
    assert won.p_value == pytest.approx(4.5e-8, rel=0.5)
    assert await jobs.ab_winners(41, 0.05) == []

    assert await pool.fetchval("SELECT count(*) FROM response_performance_metrics") == 0
    await jobs.refresh_response_metrics()
    await jobs.refresh_learning_metrics()
    assert await pool.fetchval("SELECT sum(total_responses) FROM response_performance_metrics") == 201


@pytest.mark.parametrize(
    ("conversions", "count"),
    [((50, 10), 1), ((50, 49), 0), ((0, 0), 0), ((100, 100), 0), ((50, 10, 5), 0), ((50,), 0)],
)
def test_who_wins(conversions: tuple[int, ...], count: int) -> None:
    arms = [Arm(SHOP, "chat", f"v{n}", converted) for n, converted in enumerate(conversions)]
    assert len(winners(arms, 100, 0.05)) == count


def test_experiments_are_compared_each_by_itself() -> None:
    arms = [
        Arm(1, "chat", "a", 50),
        Arm(1, "chat", "b", 10),
        Arm(1, "mail", "a", 10),
        Arm(1, "mail", "b", 60),
    ]
    arms += [Arm(2, "chat", "a", 10)]
    assert [(w.response_type, w.variant) for w in winners(arms, 100, 0.05)] == [("chat", "a"), ("mail", "b")]
