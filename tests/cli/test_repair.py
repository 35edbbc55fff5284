"""A hole is repaired once, from where it begins, and only when the enricher has nothing else to do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import TopicPartition

from cli.repair import PATIENCE_LOOKS, Repairer, holes
from runtime import kafka
from runtime.appender import Appender
from runtime.kafka import create_topics
from runtime.settings import Settings
from schemas.control import Tick
from schemas.topics import LEARNING, every_topic
from streams.enrichment.inputs import group_of
from tests.cli.conftest import event

HEALTH = {"decider": "decider", "enricher": "enricher"}
LIVE = {"ready": True, "reason": ""}
HOLE = {
    "ready": False,
    "reason": "waiting: input learning.reviews[2] 1,018 has not been enriched (1,205 came next). Run it.",
}


def told(**parts: Any) -> Mapping[str, Any]:
    return {"ready": True, "parts": {name.replace("_", " "): each for name, each in parts.items()}}


class FakeTree:
    """Remembers which part was stopped."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopped: list[str] = []

    @property
    def health(self) -> Mapping[str, str]:
        return HEALTH

    @asynccontextmanager
    async def without(self, name: str) -> AsyncIterator[None]:
        self.stopped.append(name)
        yield


def test_a_hole_is_read_from_the_health_of_a_decider() -> None:
    assert holes(told(decider=LIVE, learning_0=LIVE, learning_2=HOLE)) == {("learning", 2): 1018}
    assert holes(told(learning_0={"ready": False, "reason": "opening"})) == {}
    assert holes({}) == {}


@pytest.fixture
async def rewindable(kafka_settings: Settings) -> Settings:
    """Enrichers have acknowledged three inputs of partition 2."""
    await create_topics(kafka_settings, every_topic())
    async with kafka.producer(kafka_settings) as producer:
        ticks = [event(Tick(partition=2)) for _ in range(3)]
        await Appender(producer, kafka_settings.topic, LEARNING).append(*ticks)
    await commit(kafka_settings, 3)
    return kafka_settings


async def commit(settings: Settings, offset: int) -> None:
    tp = TopicPartition(settings.topic(LEARNING.control), 2)
    async with kafka.consumer(settings, group_id=group_of(settings, LEARNING)) as consumer:
        consumer.assign([tp])
        await consumer.commit({tp: offset})


async def committed(settings: Settings) -> int | None:
    tp = TopicPartition(settings.topic(LEARNING.control), 2)
    async with kafka.consumer(settings, group_id=group_of(settings, LEARNING)) as consumer:
        offset: int | None = await consumer.committed(tp)
        return offset


async def test_it_rewinds_to_the_hole_after_some_looks_and_starts_counting_anew(rewindable: Settings) -> None:
    hole = HOLE | {"reason": str(HOLE["reason"]).replace("1,018", "1")}
    health = {"decider": told(learning_2=hole), "enricher": told(enricher=LIVE)}
    tree, words = FakeTree(rewindable), list[str]()

    async def get(url: str) -> Mapping[str, Any]:
        return health[url]

    repairer = Repairer(tree, words.append, get)
    for _ in range(PATIENCE_LOOKS - 1):
        await repairer.look()
    assert not tree.stopped
    await repairer.look()
    assert tree.stopped == ["enricher"]
    assert words == ["learning partition 2 waits for input 1: rewinding the enricher"]
    assert await committed(rewindable) == 1
    await repairer.look()
    assert tree.stopped == ["enricher"]


@pytest.mark.parametrize(
    "busy", [{}, told(enricher={"ready": True, "reason": "7 inputs wait"}), {"ready": False, "parts": {}}]
)
async def test_an_enricher_that_is_starting_or_at_work_is_left_alone(
    busy: Mapping[str, Any], kafka_settings: Settings
) -> None:
    health = {"decider": told(learning_2=HOLE), "enricher": busy}
    tree = FakeTree(kafka_settings)

    async def get(url: str) -> Mapping[str, Any]:
        return health[url]

    repairer = Repairer(tree, lambda _: None, get)
    for _ in range(PATIENCE_LOOKS * 3):
        await repairer.look()
    assert not tree.stopped
