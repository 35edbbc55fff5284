"""The real tree: what crashes comes back, and a hole in the enrichment is repaired, without anybody's doing."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from cli.demo.watch import watched
from cli.status import until_caught_up
from cli.tree import Layout, Tree, grown
from cli.up import until_ready
from runtime import kafka
from runtime.appender import Appender
from runtime.clock import SystemClock
from runtime.settings import Settings
from schemas.codec import event_from
from schemas.event import Event, EventData
from schemas.examples import example_of
from schemas.topics import LEARNING
from streams.enrichment.inputs import group_of

PARTS = ("enricher", "decider", "projector")
CLOCK = SystemClock()


def thumbs(count: int) -> list[Event[EventData]]:
    said = [example_of("relearn.feedback.given.v1", uuid4(), CLOCK.now()) for _ in range(count)]
    return [event_from(each | {"shopid": 7}, LEARNING.types) for each in said]


async def append(settings: Settings, count: int) -> None:
    async with kafka.producer(settings) as producer:
        await Appender(producer, settings.topic).append(*thumbs(count))


async def skip(settings: Settings, passed_over: int) -> None:
    """What a broken run leaves: the group's offsets are ahead of what was enriched."""
    topic = settings.topic(LEARNING.inputs[0].name)
    async with kafka.consumer(settings, group_id=group_of(settings, LEARNING)) as consumer:
        tps = [TopicPartition(topic, number) for number in range(settings.partitions)]
        consumer.assign(tps)
        ends = await consumer.end_offsets(tps)
        await consumer.commit({tp: max(0, end - passed_over) for tp, end in ends.items()})


async def crash(tree: Tree, name: str) -> None:
    os.kill(tree.pids[name], signal.SIGKILL)
    async with asyncio.timeout(20):
        while name in tree.pids:
            await asyncio.sleep(0.01)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_crashes_and_holes_mend_by_themselves(folder: Path) -> None:
    told: list[str] = []
    async with grown(Layout(folder, parts=PARTS), CLOCK, told.append) as tree:
        await until_ready(tree)
        async with watched(tree.settings, CLOCK) as watch:
            await append(tree.settings, 20)
            await until_caught_up(tree.settings, 60)
            assert len(watch.latencies) == 20

            await crash(tree, "decider")
            await append(tree.settings, 20)
            await until_caught_up(tree.settings, 60)
            assert len(watch.latencies) == 40
            assert any("decider ended with SIGKILL" in words for words in told)

            async with tree.without("enricher"):
                await append(tree.settings, 20)
                await skip(tree.settings, passed_over=5)
            await until_caught_up(tree.settings, 180)
            assert len(watch.latencies) == 60
            assert any("rewinding the enricher" in words for words in told)
    assert not tree.pids
