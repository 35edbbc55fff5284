"""An input that was not enriched holds up its partition alone, says so everywhere, and is healed by a rewind."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from runtime import kafka
from runtime.settings import Settings
from schemas.outcome import InputAbsent
from schemas.topics import LEARNING, every_topic
from streams.enrichment.inputs import group_of
from tests.cli.running import relearn
from tests.faults.decided import CODEC
from tests.faults.tables import messages
from tests.faults.watched import ENRICHER, SECONDS, status, until_troubled, watched
from tests.streams.enrichment.broker import append, commit, delete_before
from tests.streams.enrichment.inputs import LetterCounts, home_of, key_of, now, served

EVENTS = LEARNING.inputs[0].name
SHOPS = {home_of(key_of(shop), 2): shop for shop in range(1, 20)}
"""A shop of each partition."""


@pytest.fixture
async def two(settings: Settings) -> Settings:
    """Topics of two partitions, and tables."""
    two = settings.model_copy(update={"partitions": 2, "embedding_model": LetterCounts.model})
    await kafka.create_topics(two, every_topic())
    return two


async def say(settings: Settings, partition: int, count: int) -> None:
    shop = SHOPS[partition]
    await append(
        settings,
        [(EVENTS, key_of(shop), orjson.dumps(served(shop, time=now())), partition) for _ in range(count)],
    )


async def decided(settings: Settings, partition: int) -> list[int]:
    """The offsets of the events that were decided, in the order in which they were."""
    records = [CODEC.decode(m.value) for m in await messages(settings, LEARNING.log.name, partition)]
    return [record.input.offset for record in records if record.input is not None]


async def until_decided(settings: Settings, partition: int, count: int) -> None:
    async with asyncio.timeout(SECONDS):
        while await decided(settings, partition) != list(range(count)):
            await asyncio.sleep(0.1)


@pytest.mark.timeout(240)
async def test_a_skipped_input_holds_up_its_partition_and_a_rewind_heals_it(
    two: Settings, tmp_path: Path
) -> None:
    await say(two, 0, 6)
    await say(two, 1, 6)
    # What Faust leaves when it has acknowledged what it had not handed over.
    await commit(two, group_of(two, LEARNING), EVENTS, 0, 2)
    async with watched(two, tmp_path, "decider") as decider:
        async with watched(two, tmp_path, *ENRICHER) as enricher:
            await until_decided(two, 1, 6)
            trouble = (await until_troubled(two, 0))[0]
            assert (trouble["state"], await decided(two, 0)) == ("waiting", [])
            assert f"input {EVENTS}[0] 0 has not been enriched (2 came next)" in trouble["reason"]
            shown, _ = await status(two)
            assert f"decider of learning.enriched[0] is waiting since {trouble['since'][:10]}" in shown
            assert trouble["reason"] in shown
            assert "waiting" in (await decider.health())["learning 0"]["reason"]
            assert (
                await decider.number(
                    "relearn_decider_state", domain="learning", partition="0", state="waiting"
                )
                == 1
            )
            assert await decider.number("relearn_decider_passed_over_total", partition="0") == 4
            assert decider.said.count("partition is waiting") == 1
            await say(two, 1, 3)
            await until_decided(two, 1, 9)
            refused = await relearn("enrich", "rewind", "--partition", "0", env=two.environment())
            assert "stop the enrichers first" in refused.output
            await enricher.end()
        healed = await relearn("enrich", "rewind", "--partition", "0", env=two.environment())
        assert f"{EVENTS}[0] goes on from 0" in healed.stdout
        async with watched(two, tmp_path, *ENRICHER):
            await until_decided(two, 0, 6)
            await until_troubled(two)
        assert (
            await decider.number("relearn_decider_state", domain="learning", partition="0", state="live") == 1
        )


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_a_rewind_begins_with_what_is_not_decided(two: Settings, tmp_path: Path) -> None:
    await say(two, 0, 4)
    async with watched(two, tmp_path, "decider"):
        async with watched(two, tmp_path, *ENRICHER) as enricher:
            await until_decided(two, 0, 4)
            await enricher.end()
        await say(two, 0, 4)
        await commit(two, group_of(two, LEARNING), EVENTS, 0, 7)
        async with watched(two, tmp_path, *ENRICHER) as enricher:
            await until_troubled(two, 0)
            await enricher.end()
        told = await relearn("enrich", "rewind", "--json", env=two.environment())
        offsets = {(row["topic"], row["partition"]): row["offset"] for row in orjson.loads(told.stdout)}
        assert (offsets[EVENTS, 0], offsets[EVENTS, 1]) == (4, 0)
        async with watched(two, tmp_path, *ENRICHER):
            await until_decided(two, 0, 8)


@pytest.mark.timeout(240)
async def test_what_the_broker_itself_no_longer_has_is_absent_counted_and_passed(
    two: Settings, tmp_path: Path
) -> None:
    await say(two, 0, 5)
    await delete_before(two, EVENTS, 0, 3)
    await say(two, 1, 2)
    async with watched(two, tmp_path, "decider") as decider, watched(two, tmp_path, *ENRICHER) as enricher:
        await until_decided(two, 1, 2)
        async with asyncio.timeout(SECONDS):
            while await decided(two, 0) != [0, 3, 4]:
                await asyncio.sleep(0.1)
        assert await decider.number("relearn_decider_absent_inputs_total", partition="0") == 3
        assert (
            await decider.number("relearn_decider_state", domain="learning", partition="0", state="live") == 1
        )
        assert "passed over" in enricher.said
    opened, absent, *_ = [CODEC.decode(m.value) for m in await messages(two, LEARNING.log.name, 0)]
    assert opened.input is None
    assert absent.outcomes == (InputAbsent(topic=EVENTS, first=0, last=2),)
