"""How far inputs are decided, from the end of each partition of a log; for `relearn status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.reading import decode, end_of, partitions_of, read, reader
from runtime.settings import Settings
from schemas.outcome import TopicsReconnected
from schemas.record import Record, RecordCodec
from schemas.topics import DomainTopics, Topic
from streams.domain import Domain

FIRST_LOOK = 100
"""Offsets; then ten times as many each time, as long as an input topic has not been found."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One partition of a log that has records."""

    partition: int
    seq: int
    """Of the last record."""
    decided_at: datetime
    enriched_offset: int
    """-1: nothing but the opening is there."""
    next_offsets: Mapping[str, int]
    """By input topic (without prefix): the first offset that is not decided. Without those never decided."""


async def read_checkpoints(settings: Settings, domain: Domain[Any]) -> list[Checkpoint]:
    """The checkpoints of all partitions that have a record, in order.

    The last record names one input topic only: the last one of each other is looked for further back, as far as
    it takes, unless the topic is empty.
    """
    codec = RecordCodec(domain.topics.types, domain.outcomes)
    # One that was added to the log alone has nothing to tell, and its inputs would be asked for in vain.
    partitions = range(await partitions_of(settings, domain.topics.log, *domain.topics.inputs))
    name = settings.topic(domain.topics.log.name)
    async with reader(settings, *(TopicPartition(name, partition) for partition in partitions)) as consumer:
        log_ends = [_LogEnd(consumer, settings, domain.topics, codec, partition) for partition in partitions]
        found = [await each.checkpoint() for each in log_ends]
    return [each for each in found if each is not None]


async def read_decided(settings: Settings, domain: Domain[Any]) -> Mapping[tuple[str, int], int]:
    """The first offset that is not decided, by input topic (without prefix) and partition."""
    return {
        (topic, at.partition): offset
        for at in await read_checkpoints(settings, domain)
        for topic, offset in at.next_offsets.items()
    }


@dataclass
class _LogEnd:
    """Reads one partition of a log backwards."""

    consumer: AIOKafkaConsumer
    settings: Settings
    topics: DomainTopics
    codec: RecordCodec
    partition: int
    last: Record | None = None
    enriched_offset: int = -1
    next_offsets: dict[str, int] = field(default_factory=dict)

    async def checkpoint(self) -> Checkpoint | None:
        wanted = await self._used_inputs()
        tp = self._tp(self.topics.log)
        first = (await self.consumer.beginning_offsets([tp]))[tp]
        begin, look = await end_of(self.consumer, tp), FIRST_LOOK
        while begin > first and (self.last is None or not wanted <= self.next_offsets.keys()):
            begin, end, look = max(first, begin - look), begin, look * 10
            await self._read(tp, begin, end)
        if self.last is None:
            return None
        return Checkpoint(
            self.partition, self.last.seq, self.last.decided_at, self.enriched_offset, self.next_offsets
        )

    async def _read(self, tp: TopicPartition, begin: int, end: int) -> None:
        """Learns from these records what later ones have not told."""
        records = [decode(self.codec, m) async for lot in read(self.consumer, tp, begin, end) for m in lot]
        for record in reversed(records):
            self.last = self.last or record
            for outcome in record.outcomes:
                if isinstance(outcome, TopicsReconnected):
                    self._learn(outcome.enriched - 1, outcome.inputs)
            if (at := record.input) is not None:
                covered = at.offset if record.last is None else record.last
                self._learn(record.enriched_offset, {at.topic: covered + 1})

    def _learn(self, enriched_offset: int | None, next_offsets: Mapping[str, int]) -> None:
        if not self.next_offsets and enriched_offset is not None:
            self.enriched_offset = enriched_offset
        for topic, next_offset in next_offsets.items():
            self.next_offsets.setdefault(topic, next_offset)

    async def _used_inputs(self) -> set[str]:
        """The input topics of which this partition was ever given anything."""
        tps = {topic.name: self._tp(topic) for topic in self.topics.inputs}
        ends = await self.consumer.end_offsets(list(tps.values()))
        return {name for name, tp in tps.items() if ends[tp] > 0}

    def _tp(self, topic: Topic) -> TopicPartition:
        return TopicPartition(self.settings.topic(topic.name), self.partition)
