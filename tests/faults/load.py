"""What is sent: the bundled scenario, or events without end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError

from cli.scenario import Message, phases
from runtime import kafka
from runtime.appender import Appender
from runtime.settings import Settings
from schemas.codec import event_from
from schemas.event import Event, EventData
from schemas.examples import example_of
from schemas.topics import LEARNING, every_topic

SHOPS = 16
AT_ONCE = 10
PAUSE_SECONDS = 0.05


def scenario(settings: Settings) -> list[Message]:
    """Every message of the bundled scenario, bad ones included."""
    told = phases(datetime.now(UTC), partitions=settings.partitions, embedding_model=settings.embedding_model)
    return [message for phase in told for message in phase.messages]


async def create_topics(settings: Settings) -> None:
    await kafka.create_topics(settings, every_topic())


async def send(settings: Settings, said: Sequence[Message]) -> None:
    """Appends these messages, each after the one before."""
    async with kafka.producer(settings) as producer:
        for each in said:
            topic = settings.topic(each.topic)
            await producer.send_and_wait(topic, each.value, key=each.key, partition=each.partition)


async def copy(settings: Settings, enriched: Sequence[ConsumerRecord]) -> None:
    """Appends what an enricher wrote elsewhere to this installation's enriched topic, to the same partitions."""
    topic = settings.topic(LEARNING.enriched.name)
    async with kafka.producer(settings) as producer:
        for each in enriched:
            await producer.send_and_wait(topic, each.value, key=each.key, partition=each.partition)


def thumbs(count: int) -> list[Event[EventData]]:
    """So many new complaints, of several shops."""
    said = [example_of("relearn.feedback.given.v1", uuid4(), datetime.now(UTC)) for _ in range(count)]
    return [event_from(each | {"shopid": 1 + n % SHOPS}, LEARNING.types) for n, each in enumerate(said)]


class Load:
    """Appends complaints for as long as it is wanted, as a service does: what was not acknowledged is sent again."""

    def __init__(self, settings: Settings) -> None:
        self.acknowledged: list[UUID] = []
        self.failures: list[KafkaError] = []
        """Why producers were given up."""
        self._settings = settings

    async def run(self) -> None:
        events = thumbs(AT_ONCE)
        while True:
            try:
                async with kafka.producer(self._settings) as producer:
                    appender = Appender(producer, self._settings.topic)
                    while True:
                        await appender.append(*events)
                        self.acknowledged += [event.id for event in events]
                        events = thumbs(AT_ONCE)
                        await asyncio.sleep(PAUSE_SECONDS)
            except KafkaError as error:
                self.failures.append(error)
                await asyncio.sleep(PAUSE_SECONDS)

    async def goes_on(self, events: int, seconds: float) -> None:
        """Waits until so many more are acknowledged."""
        wanted = len(self.acknowledged) + events
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < wanted:
                await asyncio.sleep(0.02)


@asynccontextmanager
async def under_load(settings: Settings) -> AsyncIterator[Load]:
    """Complaints come in for as long as the block lasts."""
    load = Load(settings)
    task = asyncio.create_task(load.run())
    try:
        yield load
    finally:
        task.cancel()
        await asyncio.wait({task})
