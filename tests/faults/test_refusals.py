"""Topics that are not what they were: the partition is refused, and the sentence names a way out that works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka.admin import NewPartitions

from runtime import kafka
from runtime.settings import Settings
from schemas.topics import LEARNING, Topic, every_topic
from tests.cli.running import relearn
from tests.faults.tables import messages
from tests.faults.test_holes import EVENTS, decided, say, until_decided
from tests.faults.watched import ENRICHER, SECONDS, Watched, until_troubled, watched
from tests.streams.enrichment.broker import delete_before
from tests.streams.enrichment.inputs import LetterCounts

pytestmark = [pytest.mark.timeout(240), pytest.mark.slow]


@pytest.fixture
async def two(settings: Settings) -> Settings:
    """Topics of two partitions, and tables."""
    two = settings.model_copy(update={"partitions": 2, "embedding_model": LetterCounts.model})
    await kafka.create_topics(two, every_topic())
    return two


@asynccontextmanager
async def at_work(settings: Settings, folder: Path) -> AsyncIterator[tuple[Watched, Watched]]:
    """A decider and an enricher, ended in good order."""
    async with (
        watched(settings, folder, "decider") as decider,
        watched(settings, folder, *ENRICHER) as enricher,
    ):
        yield decider, enricher
        await enricher.end()
        await decider.end()


async def recreate(settings: Settings, topic: Topic) -> None:
    """As a hasty operator does."""
    admin = kafka.admin(settings)
    await admin.start()
    await admin.delete_topics([settings.topic(topic.name)])
    await admin.close()
    # The broker takes a moment to forget the old one.
    while not await kafka.create_topics(settings, [topic]):
        await asyncio.sleep(0.05)


async def add_partition(settings: Settings, topic: Topic) -> None:
    admin = kafka.admin(settings)
    await admin.start()
    await admin.create_partitions({settings.topic(topic.name): NewPartitions(settings.partitions + 1)})
    await admin.close()


async def reconnect(settings: Settings) -> None:
    done = await relearn("log", "reconnect", "--yes", env=settings.environment())
    assert done.exit_code == 0, done.output


async def test_a_recreated_enriched_topic_is_refused_and_the_log_goes_on_when_reconnected(
    two: Settings, tmp_path: Path
) -> None:
    await say(two, 0, 5)
    async with at_work(two, tmp_path):
        await until_decided(two, 0, 5)
    await recreate(two, LEARNING.enriched)
    await say(two, 0, 2)
    async with at_work(two, tmp_path) as (decider, _):
        reason = (await until_troubled(two, 0))[0]["reason"]
        assert "enriched topic" in reason
        assert "was recreated" in reason
        assert "run `relearn log reconnect`" in reason
        assert "partition is refused" in decider.said
        assert (
            await decider.number("relearn_decider_state", domain="learning", partition="0", state="refused")
            == 1
        )
    assert await decided(two, 0) == [0, 1, 2, 3, 4]
    await reconnect(two)
    async with at_work(two, tmp_path):
        await until_decided(two, 0, 7)
        await until_troubled(two)


async def test_a_recreated_input_topic_is_refused_and_the_log_goes_on_when_reconnected(
    two: Settings, tmp_path: Path
) -> None:
    await say(two, 0, 5)
    async with at_work(two, tmp_path):
        await until_decided(two, 0, 5)
    await recreate(two, LEARNING.inputs[0])
    await say(two, 0, 3)
    async with at_work(two, tmp_path):
        reason = (await until_troubled(two, 0))[0]["reason"]
        assert f"input topic {EVENTS}[0] was recreated" in reason
        assert "run `relearn log reconnect`" in reason
    await reconnect(two)
    async with at_work(two, tmp_path):
        async with asyncio.timeout(SECONDS):
            while await decided(two, 0) != [0, 1, 2, 3, 4, 0, 1, 2]:
                await asyncio.sleep(0.1)
        await until_troubled(two)


@pytest.mark.parametrize(
    ("topic", "way_out"),
    [
        (LEARNING.inputs[0], "the domain needs a new generation"),
        (LEARNING.enriched, "delete this topic, let `relearn topics create` make it again"),
        (LEARNING.log, "the domain needs a new generation"),
    ],
    ids=["input", "enriched", "log"],
)
async def test_partitions_that_were_added_are_refused(
    two: Settings, tmp_path: Path, topic: Topic, way_out: str
) -> None:
    await say(two, 0, 3)
    await say(two, 1, 3)
    async with at_work(two, tmp_path):
        await until_decided(two, 0, 3)
        await until_decided(two, 1, 3)
    await add_partition(two, topic)
    await say(two, 0, 2)
    async with watched(two, tmp_path, "decider") as decider:
        found = await until_troubled(two, 0, 1, *([2] if topic is LEARNING.enriched else []))
        assert f"{topic.name} has 3 partitions, but its log was opened with 2, for ever" in found[0]["reason"]
        assert way_out in found[0]["reason"]
        assert await decider.number("relearn_decider_state", state="refused") == len(found)
    assert await decided(two, 0) == [0, 1, 2]
    if topic is not LEARNING.log:
        async with watched(two, tmp_path, *ENRICHER) as enricher, asyncio.timeout(SECONDS):
            assert await enricher.process.wait() != 0
        assert f"{topic.name} has 3 partitions, not 2 as RELEARN_PARTITIONS says" in enricher.said


async def test_an_enriched_topic_that_was_widened_is_made_anew_as_the_sentence_says(
    two: Settings, tmp_path: Path
) -> None:
    await say(two, 0, 3)
    async with at_work(two, tmp_path):
        await until_decided(two, 0, 3)
    await add_partition(two, LEARNING.enriched)
    await say(two, 0, 2)
    await recreate(two, LEARNING.enriched)
    await reconnect(two)
    async with at_work(two, tmp_path):
        await until_decided(two, 0, 5)


async def test_what_an_enriched_topic_has_lost_is_repeated_by_a_rewind(two: Settings, tmp_path: Path) -> None:
    await say(two, 0, 4)
    async with at_work(two, tmp_path):
        await until_decided(two, 0, 4)
    await say(two, 0, 4)
    async with watched(two, tmp_path, *ENRICHER) as enricher:
        async with asyncio.timeout(SECONDS):
            while len(await messages(two, LEARNING.enriched.name, 0)) < 8:
                await asyncio.sleep(0.1)
        await enricher.end()
    # Retention was shorter than the deciders' holidays.
    await delete_before(two, LEARNING.enriched.name, 0, 6)
    async with watched(two, tmp_path, "decider"):
        reason = (await until_troubled(two, 0))[0]["reason"]
        assert f"input {EVENTS}[0] 4 has not been enriched (6 came next)" in reason
        healed = await relearn("enrich", "rewind", "--partition", "0", env=two.environment())
        assert f"{EVENTS}[0] goes on from 4" in healed.stdout
        async with watched(two, tmp_path, *ENRICHER):
            await until_decided(two, 0, 8)
            await until_troubled(two)
