"""The command in-process, and a log that a test writes itself, against real servers where a test asks for them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from projections.positions import Position, Positions
from runtime import kafka, postgres
from runtime.kafka import create_topics
from runtime.reading import end_of, reader
from runtime.settings import Settings
from schemas.codec import decode
from schemas.enriched import Coordinates
from schemas.event import Event, EventData
from schemas.learning import OUTCOMES
from schemas.outcome import Outcome, PolicyAdopted
from schemas.policy import LearningPolicy, content, policy_hash
from schemas.record import Record, RecordCodec
from schemas.topics import LEARNING, every_topic
from streams.partition import Decision
from tests.cli.replayed import Replayed
from tests.conftest import new_database

D = TypeVar("D", bound=EventData)

MODEL = "all-MiniLM-L6-v2"
VISIBLE_SECONDS = 30.0
CODEC = RecordCodec(LEARNING.types, OUTCOMES)


def event(data: D, shop_id: int = 0) -> Event[D]:
    """An event of now."""
    return Event(uuid4(), "/tests", datetime.now(UTC), shop_id, None, data)


def adopted(policy: LearningPolicy) -> PolicyAdopted:
    """That this policy is in force."""
    return PolicyAdopted(
        policy=content(policy), policy_hash=policy_hash(policy), embedding_model=MODEL, partitions=4
    )


async def write_log(
    settings: Settings, partition: int, *records: Record, together: bool = False
) -> list[int]:
    """Writes these records as a decider does, in a transaction each or in one; returns their offsets when readers
    see them, which is some moments after a transaction is committed.
    """
    topic, offsets = settings.topic(LEARNING.log.name), list[int]()
    async with kafka.producer(settings, transactional_id=f"{settings.topic_prefix}{uuid4()}") as producer:
        for lot in [records] if together else [(record,) for record in records]:
            async with producer.transaction():
                for record in lot:
                    done = await producer.send_and_wait(topic, CODEC.encode(record), partition=partition)
                    offsets.append(done.offset)
    tp = TopicPartition(topic, partition)
    async with reader(settings, tp) as consumer, asyncio.timeout(VISIBLE_SECONDS):
        while offsets and await end_of(consumer, tp) <= offsets[-1]:
            await asyncio.sleep(0.01)
    return offsets


class Stage:
    """Plays enricher, decider and projector of one shop, each when it is told to."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.partition, self.offset, self.seq = 0, -1, 0
        self._reviews = itertools.count()

    async def decide(self, *outcomes: Outcome) -> Event[Any]:
        """Writes the record of the next review that comes, after one of something else; returns the review."""
        topic, number = self.settings.topic(LEARNING.control), next(self._reviews)
        async with kafka.consumer(self.settings, topic) as consumer:
            message = [await anext(aiter(consumer)) for _ in range(number + 1)][-1]
        event: Event[Any] = decode(message.value, LEARNING.types)
        here = Coordinates(LEARNING.control, message.partition, message.offset, message.timestamp)
        other = Coordinates(LEARNING.inputs[0].name, message.partition, message.offset, message.timestamp)
        records = [] if self.seq else [Record(0, 1, "p", (adopted(LearningPolicy()),))]
        for seq, at in enumerate((other, here), start=self.seq + len(records)):
            records.append(
                Record(seq, 1, "p", outcomes, at, enriched_offset=seq, event=event, raw=message.value)
            )
        self.partition, self.seq = message.partition, self.seq + len(records)
        self.offset = (await write_log(self.settings, message.partition, *records))[-1]
        return event

    async def show(self, *, short_of: int = 0) -> None:
        """Moves the position past the last record, or not quite."""
        positions = Positions(LEARNING.name, LEARNING.log.name)
        async with await postgres.create_pool(self.settings, LEARNING.name, max_size=1) as pool:
            at = await positions.read(pool, self.partition)
            async with pool.acquire() as conn, positions.entered(conn, self.partition, at):
                to = Position(self.offset + 1 - short_of, self.seq - short_of)
                await positions.move(conn, self.partition, to, datetime.now(UTC))


@pytest.fixture
async def stage(settings: Settings) -> Stage:
    await create_topics(settings, every_topic())
    return Stage(settings)


@pytest.fixture
async def replayed(settings: Settings, decided: list[Decision]) -> Replayed:
    """The scenario in a log of one partition, all of it shown."""
    return await replay(settings, decided)


@pytest.fixture(scope="session")
def looked_at(kafka: str, postgres: str, template: str, decided: list[Decision]) -> Iterator[Replayed]:
    """The same, once for all tests that change nothing."""
    with asyncio.Runner() as runner:
        databases = new_database(postgres, template)
        url = runner.run(anext(databases))
        settings = Settings(kafka_bootstrap_servers=kafka, database_url=url, topic_prefix="looked-at.")
        yield runner.run(replay(settings, decided))
        runner.run(databases.aclose())


async def replay(settings: Settings, decided: list[Decision]) -> Replayed:
    """Writes the log, and shows it."""
    settings = settings.model_copy(update={"partitions": 1})
    await create_topics(settings, every_topic())
    await write_log(settings, 0, *(decision.record for decision in decided), together=True)
    made = Replayed(settings)
    await made.show()
    return made
