"""Generations are made, killed on the way, and adopted, while services and deciders go on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import pytest

from cli.status import until_caught_up
from relearn_client import Client
from runtime.postgres import connect
from runtime.registry import followed
from runtime.settings import Settings
from schemas.topics import LEARNING
from tests.cli.killed import killed
from tests.faults.decided import assert_verified
from tests.faults.house import House

SHOPS = 12
PATIENCE = 240.0
LEARN = ("--domain", LEARNING.name)


@asynccontextmanager
async def a_service(settings: Settings, told: list[UUID]) -> AsyncIterator[None]:
    """Tells of thumbs and corrections until the block ends; `told` are those that a broker has."""
    over = asyncio.Event()

    async def tell() -> None:
        async with Client(settings.kafka_bootstrap_servers, "/tests", settings.topic_prefix) as client:
            while not over.is_set():
                number = len(told)
                shop, talk = 1 + number % SHOPS, uuid4()
                if number % 10:
                    told.append(
                        await client.feedback(shop=shop, conversation_id=talk, feedback_type="thumbs_up")
                    )
                else:
                    told.append(
                        await client.correction(
                            shop=shop,
                            conversation_id=talk,
                            question=f"Where is the thing {number}?",
                            original_response="I do not know.",
                            corrected_answer=f"In drawer {number}.",
                        )
                    )
                await asyncio.sleep(0.1)

    task = asyncio.create_task(tell())
    try:
        yield
    finally:
        over.set()
        await task


async def shown(settings: Settings) -> set[UUID]:
    conn = await connect(settings, LEARNING.name)
    rows = await conn.fetch("SELECT id FROM conversation_feedback UNION ALL SELECT id FROM owner_corrections")
    await conn.close()
    assert len({row["id"] for row in rows}) == len(rows)
    return {row["id"] for row in rows}


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_nothing_is_lost_from_one_generation_to_the_next(
    house: House, small_model: str, chance: random.Random
) -> None:
    settings = await house.start("enricher-a", "decider-a", "decider-b", "projector-a", "scheduler")
    told: list[UUID] = []
    async with a_service(settings, told):
        while len(told) < 10 * SHOPS:
            await asyncio.sleep(0.1)
        await until_caught_up(settings, PATIENCE)
        for number, how in enumerate((("--partitions", "3"), ("--model", small_model), ("--erased",)), 2):
            for words in (("create", *how), ("adopt", str(number))):
                command = ("generation", *words, *LEARN)
                kills = 0
                while await killed(
                    settings, *command, after=PATIENCE if kills == 2 else chance.uniform(2, 15)
                ):
                    kills += 1
            assert not await killed(
                settings, "generation", "drop", str(number - 1), "--yes", *LEARN, after=PATIENCE
            )
            print(number, how, len(told), flush=True)  # noqa: T201
    now = await followed(settings)
    assert now.registered(LEARNING.name).current == 4
    await until_caught_up(now, PATIENCE)
    assert await shown(now) == set(told)
    await assert_verified(now)
    assert not house.keeper.crashes
