"""A writing command waits until its decision is in the tables, and says what it was."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from projections.positions import Position, Positions
from runtime import kafka, postgres
from runtime.kafka import create_topics
from runtime.settings import Settings
from schemas.codec import decode
from schemas.enriched import Coordinates
from schemas.learning import ItemRejected, ItemState
from schemas.outcome import Outcome, RequestRefused
from schemas.policy import LearningPolicy
from schemas.record import Record
from schemas.topics import LEARNING, every_topic
from tests.cli.conftest import adopted, relearn, write_log

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


class Stage:
    """Plays enricher, decider and projector, each when it is told to."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.at: tuple[int, int] | None = None

    async def decide(self, *outcomes: Outcome) -> None:
        """Writes the record of the one review that comes, after one of something else."""
        topic = self.settings.topic(LEARNING.control)
        async with kafka.consumer(self.settings, topic) as consumer:
            message = await anext(aiter(consumer))
        event = decode(message.value, LEARNING.types)
        here = Coordinates(LEARNING.control, message.partition, message.offset, message.timestamp)
        other = Coordinates(LEARNING.inputs[0].name, message.partition, message.offset, message.timestamp)
        records = [Record(0, 1, "p", (adopted(LearningPolicy()),))]
        for seq, at in enumerate((other, here), start=1):
            records.append(Record(seq, 1, "p", outcomes, at, event=event, raw=message.value))
        offsets = await write_log(self.settings, message.partition, *records)
        self.at = message.partition, offsets[-1]

    async def show(self, *, short_of: int = 0) -> None:
        """Moves the position past the record, or not quite."""
        assert self.at is not None
        partition, offset = self.at
        positions = Positions(LEARNING.name, LEARNING.log.name)
        async with await postgres.create_pool(self.settings, LEARNING.name, max_size=1) as pool:
            at = await positions.read(pool, partition)
            async with pool.acquire() as conn, positions.entered(conn, partition, at):
                to = Position(offset + 1 - short_of, 3)
                await positions.move(conn, partition, to, datetime.now(UTC))


@pytest.fixture
async def stage(settings: Settings) -> Stage:
    await create_topics(settings, every_topic())
    return Stage(settings)


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
