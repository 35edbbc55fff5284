"""Asks for something by events and waits until it is decided and visible: what every writing command does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from cli.failure import Failed
from runtime import kafka
from runtime.appender import Appender, Delivery
from runtime.closing import connected
from runtime.registry import settled
from runtime.settings import Settings
from schemas.documents import OUTCOMES_OF
from schemas.enriched import Coordinates
from schemas.event import Event
from schemas.record import Record, RecordCodec
from schemas.topics import LEARNING, DomainTopics

Place = tuple[str, int, int]
"""Topic, partition and offset of an input."""


class Decided(NamedTuple):
    """A record, and where it stands in the log."""

    record: Record
    partition: int
    offset: int


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
        decided = await self.decided(await self.append(events), timeout)
        return [Answer(event, *each) for event, each in zip(events, decided, strict=True)]

    async def put(
        self, topic: str, raw: bytes, key: bytes | None, partition: int | None
    ) -> Awaitable[Delivery]:
        """Hands over bytes that may be no event; await the result for delivery."""
        return await self._appender.put(topic, raw, key, partition)

    async def decided(self, inputs: Sequence[Coordinates], timeout: float) -> list[Decided]:
        """What is decided about these inputs, in their order. All of them stand after the log's end at the start.

        Raises:
            Failed: if the decider does not come so far in time.
        """
        places = [_place(at) for at in inputs]
        wanted, found = set(places), dict[Place, Decided]()
        try:
            async with asyncio.timeout(timeout):
                while wanted:
                    each = await self._next()
                    if (at := each.record.input) is not None and _place(at) in wanted:
                        found[_place(at)] = each
                        wanted.remove(_place(at))
        except TimeoutError:
            raise Failed(
                f"appended, but not decided within {timeout:g} s: `relearn status` tells which part is behind"
            ) from None
        return [found[place] for place in places]

    async def _next(self) -> Decided:
        message = await self._log.getone()
        return Decided(self._codec.decode(message.value), message.partition, message.offset)


def _place(at: Coordinates) -> Place:
    return at.topic, at.partition, at.offset


@asynccontextmanager
async def asker(settings: Settings, domain: DomainTopics = LEARNING) -> AsyncIterator[Asker]:
    """An asker with its clients, for as long as the block lasts. Waits while inputs are closed."""
    settings = await settled(settings, writes_inputs=True)
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
