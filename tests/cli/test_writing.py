"""A writing command waits until its decision is in the tables, and says what it was."""

from __future__ import annotations

import asyncio
from uuid import UUID

import orjson

from schemas.learning import ItemRejected
from schemas.outcome import RequestRefused
from schemas.standing import ItemState
from tests.cli.conftest import Stage
from tests.cli.running import relearn

ITEM, REVIEWER = UUID(int=7), UUID(int=8)
PENDING = ItemState(status="pending", version=1, confidence=50)
REJECTED = ItemRejected(
    shop_id=7,
    item_id=ITEM,
    reviewer_id=REVIEWER,
    was=PENDING,
    now=PENDING.model_copy(update={"status": "rejected", "version": 2}),
)
REFUSED = RequestRefused(shop_id=7, reason="assigned", entity="item", id=ITEM, state="pending")
WORDS = ("queue", "reject", "--shop", "7", "--reviewer", str(REVIEWER), str(ITEM))


async def test_it_waits_for_the_decision_and_for_the_tables(stage: Stage) -> None:
    command = asyncio.create_task(relearn(*WORDS, env=stage.settings.environment()))
    await stage.decide(REJECTED)
    await stage.show(short_of=1)
    done, _ = await asyncio.wait({command}, timeout=1)
    assert not done
    await stage.show()
    result = await command
    assert result.exit_code == 0, result.output
    assert result.stdout == f"item rejected {ITEM} (status pending → rejected, version 1 → 2)\n"


async def test_a_refusal_is_a_failure_with_its_reason(stage: Stage) -> None:
    command = asyncio.create_task(relearn(*WORDS, "--json", env=stage.settings.environment()))
    await stage.decide(REFUSED)
    await stage.show()
    result = await command
    assert result.exit_code == 1
    assert (
        result.stderr == f"relearn: refused for item {ITEM} (pending): assigned: another reviewer holds it\n"
    )
    (said,) = orjson.loads(result.stdout)
    assert said["outcomes"][0]["reason"] == "assigned"


async def test_without_a_decider_it_says_so_in_time(stage: Stage) -> None:
    result = await relearn(*WORDS, "--timeout", "1", env=stage.settings.environment())
    assert result.exit_code == 1
    assert result.stderr.startswith("relearn: appended, but not decided within 1 s")


async def test_without_waiting_it_returns_at_once(stage: Stage) -> None:
    result = await relearn(*WORDS, "--no-wait", env=stage.settings.environment())
    assert result.exit_code == 0, result.output
    assert result.stdout == "appended 1 events, not waiting\n"
    async with asyncio.timeout(10):
        await stage.decide(REJECTED)
