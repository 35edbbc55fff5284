"""What the tests of the decider loop stand on: topics of their own, an enricher's messages, deciders, their logs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from runtime import kafka
from runtime.reading import end_of, read, reader
from runtime.settings import Settings
from schemas import codec, enriched
from schemas.enriched import Coordinates, Enriched, Enrichment, Input, Invalid
from schemas.event import Event
from schemas.record import Record, RecordCodec
from schemas.topics import DEAD_LETTERS
from streams.decider import Decider
from streams.limits import Limits
from streams.partition import Decision, Machine
from streams.status import PartitionStatus
from tests.streams.counting import EVENTS, TOPICS, Counting, opening, said

CODEC = RecordCodec(TOPICS.types, Counting.outcomes)
MORNING = 1_780_000_000_000
COMMIT_SECONDS = 2.0
"""Longer than a broker takes to show what it has answered for."""
QUICK = Limits(transaction_seconds=10.0, retry_seconds=0.1)


def at(offset: int, partition: int = 0, topic: str = EVENTS, later: int = 0) -> Coordinates:
    """Where an input stands; one a second."""
    return Coordinates(topic, partition, offset, MORNING + offset * 1000 + later)


def enrich(
    event: Event[Any],
    offset: int,
    partition: int = 0,
    topic: str = EVENTS,
    enrichment: Enrichment | None = None,
) -> Enriched:
    """What an enricher writes about this event at this offset of its input."""
    return Enriched(at(offset, partition, topic), codec.encode(event), enrichment or enriched.NOTHING)


def numbers(begin: int, end: int, partition: int = 0, shops: int = 5) -> list[Input]:
    """Enriched events at these offsets of the input; every hundredth is unreadable, no number is unlucky."""
    return [
        Invalid(at(n, partition), "not JSON", b"{")
        if n % 100 == 99
        else enrich(said(n * 20, shop=1 + n % shops, id=partition * 10**6 + n), n, partition)
        for n in range(begin, end)
    ]


@dataclass
class Scene:
    """The topics of the counting domain, under one prefix."""

    settings: Settings

    async def create_topics(self) -> None:
        await kafka.create_topics(self.settings, [*TOPICS, DEAD_LETTERS])

    async def recreate_enriched(self) -> None:
        admin = kafka.admin(self.settings)
        await admin.start()
        await admin.delete_topics([self.settings.topic(TOPICS.enriched.name)])
        await admin.close()
        # The broker takes a moment to forget the old one.
        while not await kafka.create_topics(self.settings, [TOPICS.enriched]):
            await asyncio.sleep(0.05)

    async def write(self, messages: Iterable[Input], topic: str = TOPICS.enriched.name) -> None:
        """Appends to the enriched topic, each message to the partition of its input."""
        async with kafka.producer(self.settings, linger_ms=5) as producer:
            name = self.settings.topic(topic)
            sent = [
                await producer.send(name, enriched.encode(message), partition=message.input.partition)
                for message in messages
            ]
            await asyncio.gather(*sent)

    async def messages(self, topic: str, partition: int = 0) -> list[ConsumerRecord]:
        """All committed messages of a partition. A commit is answered some moments before readers see it."""
        tp = TopicPartition(self.settings.topic(topic), partition)
        async with (
            reader(self.settings, tp) as consumer,
            kafka.consumer(self.settings, isolation_level="read_uncommitted") as everything,
        ):
            written = (await everything.end_offsets([tp]))[tp]
            with suppress(TimeoutError):
                async with asyncio.timeout(COMMIT_SECONDS):
                    while await end_of(consumer, tp) < written:
                        await asyncio.sleep(0.01)
            return [m async for lot in read(consumer, tp, 0, await end_of(consumer, tp)) for m in lot]

    async def log(self, partition: int = 0) -> list[Record]:
        return [CODEC.decode(m.value) for m in await self.messages(TOPICS.log.name, partition)]

    def decider(self, limits: Limits = QUICK, partitions: int | None = None, **options: Any) -> Decider[Any]:
        return Decider(
            self.settings,
            Counting(),
            opening(partitions or self.settings.partitions),
            limits=limits,
            **options,
        )

    @asynccontextmanager
    async def running(self, *deciders: Decider[Any]) -> AsyncIterator[None]:
        """These deciders at work; stopped, and their failures raised, at the end."""
        tasks = [asyncio.create_task(decider.run()) for decider in deciders]
        try:
            yield
        finally:
            for decider in deciders:
                decider.stop()
            await asyncio.gather(*tasks)

    async def until_records(self, number: int, partition: int = 0) -> None:
        """Waits until so many are committed."""
        async with asyncio.timeout(60):
            while len(await self.messages(TOPICS.log.name, partition)) < number:
                await asyncio.sleep(0.05)

    async def decide_all(self, last_seq: int, **options: Any) -> None:
        """Runs a decider until each partition has so many records, and whoever reads the log sees them.

        A broker says that a transaction is committed some moments before readers see so.
        """
        decider = self.decider(**options)
        async with self.running(decider):
            await until(lambda: all_have(decider, self.settings.partitions, last_seq))
        for partition in range(self.settings.partitions):
            await self.until_records(last_seq, partition)


def all_have(decider: Decider[Any], partitions: int, seq: int) -> bool:
    told = [each.seq for each in decider.status() if each.state != "opening"]
    return len(told) == partitions and min(told) >= seq


def states(decider: Decider[Any]) -> list[str]:
    return [each.state for each in decider.status()]


def reason(told: Sequence[PartitionStatus], partition: int = 0) -> str:
    return next(each.reason for each in told if each.partition == partition)


async def until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits for what must come true; fails if it does not."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def inputs_of(records: Sequence[Record]) -> list[tuple[str, int]]:
    """Topic and offset of each record's input, without the opening."""
    return [(r.input.topic, r.input.offset) for r in records if r.input is not None]


def decided(messages: Sequence[Input]) -> list[Record]:
    """The records that follow from these messages, without any broker."""
    machine = Machine(Counting())
    state = machine.new(messages[0].input.partition)
    records = [machine.open(state, opening(), messages[0].input.appended_at).record]
    for offset, message in enumerate(messages):
        found = machine.take(state, offset, *enriched.decode(enriched.encode(message)))
        if isinstance(found, Decision):
            records.append(found.record)
    return records


def without_place(records: Sequence[Record]) -> list[bytes]:
    """The records as they are written, but for where in the enriched topic they were read."""
    return [CODEC.encode(replace(record, enriched_offset=None)) for record in records]
