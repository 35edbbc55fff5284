"""What is sent: the bundled scenario, several times, as other shops."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from aiokafka import ConsumerRecord

from cli.scenario import Message, phases
from runtime import kafka
from runtime.settings import Settings
from schemas.topics import DEAD_LETTERS, LEARNING


def scenario(settings: Settings) -> list[Message]:
    """Every message of the bundled scenario, bad ones included."""
    told = phases(datetime.now(UTC), partitions=settings.partitions, embedding_model=settings.embedding_model)
    return [message for phase in told for message in phase.messages]


async def create_topics(settings: Settings) -> None:
    await kafka.create_topics(settings, [*LEARNING, DEAD_LETTERS])


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
