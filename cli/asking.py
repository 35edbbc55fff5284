"""Asks for something by events and waits until it is decided and visible: what every writing command does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from cli.failure import Failed
from runtime import kafka
from runtime.appender import Appender
from runtime.closing import connected
from runtime.settings import Settings
from schemas.documents import OUTCOMES_OF
from schemas.enriched import Coordinates
from schemas.event import Event
from schemas.record import Record, RecordCodec
from schemas.topics import LEARNING, DomainTopics

Place = tuple[str, int, int]
"""Topic, partition and offset of an input."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided about one event, and where that stands in the log."""

    event: Event[Any]
    record: Record
    partition: int
    offset: int


class Asker:
    """Appends events and finds their records in the decision log."""

    def __init__(
        self, settings: Settings, domain: DomainTopics, producer: AIOKafkaProducer, log: AIOKafkaConsumer
    ) -> None:
        """`log` reads the partitions of the domain's log from where they end now."""
        self._appender = Appender(producer, settings.topic, domain)
        self._log = log
        self._codec = RecordCodec(domain.types, OUTCOMES_OF[domain.name])

    async def append(self, events: Iterable[Event[Any]]) -> list[Coordinates]:
        """Appends and does not wait for the decision."""
        return await self._appender.append(*events)

    async def ask(self, events: Sequence[Event[Any]], timeout: float) -> list[Answer]:
        """Appends and waits until everything is decided; the answers are in the order of the events.

        Raises:
            Failed: if the decider does not come so far in time.
        """
        places = [_place(at) for at in await self.append(events)]
        wanted = dict(zip(places, events, strict=True))
        found: dict[Place, Answer] = {}
        try:
            async with asyncio.timeout(timeout):
                async for answer in self._answers(wanted):
                    found[_place_of(answer.record)] = answer
                    if len(found) == len(wanted):
                        break
        except TimeoutError:
            raise Failed(
                f"appended, but not decided within {timeout:g} s: `relearn status` tells which part is behind"
            ) from None
        return [found[place] for place in places]

    async def _answers(self, wanted: Mapping[Place, Event[Any]]) -> AsyncIterator[Answer]:
        async for message in self._log:
            record = self._codec.decode(message.value)
            if record.input is not None and (event := wanted.get(_place_of(record))) is not None:
                yield Answer(event, record, message.partition, message.offset)


def _place(at: Coordinates) -> Place:
    return at.topic, at.partition, at.offset


def _place_of(record: Record) -> Place:
    assert record.input is not None
    return _place(record.input)


@asynccontextmanager
async def asker(settings: Settings, domain: DomainTopics = LEARNING) -> AsyncIterator[Asker]:
    """An asker with its clients, for as long as the block lasts."""
    log = settings.topic(domain.log.name)
    async with (
        connected(kafka.producer(settings)) as producer,
        connected(kafka.consumer(settings)) as consumer,
    ):
        partitions = [TopicPartition(log, number) for number in await producer.partitions_for(log)]
        consumer.assign(partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        yield Asker(settings, domain, producer, consumer)
