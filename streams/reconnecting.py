"""A log goes on with other topics around it: after a restore, or where an input topic was lost and made anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.clock import Clock
from runtime.fault import Faults
from runtime.reading import decode, end_of, partitions_of, read, reader
from runtime.settings import Settings
from schemas.enriched import Coordinates
from schemas.outcome import TopicsReconnected
from schemas.record import Record, RecordCodec
from schemas.topics import Topic
from streams.domain import Domain
from streams.enriched import input_at
from streams.enrichment.inputs import group_of as enrichers_group
from streams.enrichment.rewind import rewind
from streams.groups import busy
from streams.limits import Limits
from streams.log import check_log
from streams.partition import Machine, Mark, PartitionState
from streams.telling import group_of as deciders_group
from streams.writer import Fenced, LogWriter, Outbox, TransactionFailed

Key = tuple[str, bytes]


class ReconnectionRefused(Exception):
    """The log cannot be reconnected now; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Junction:
    """Where one input topic goes on. `decided`: up to where the log had decided the old one."""

    topic: str
    partition: int
    decided: int
    next_offset: int
    end: int

    @property
    def is_same(self) -> bool:
        """Whether it is still the topic that the log was decided from."""
        return self.decided == self.next_offset

    def __str__(self) -> str:
        where = f"{self.topic}[{self.partition}]"
        if self.is_same:
            return f"{where} is the same: goes on at {self.next_offset:,} of {self.end:,}"
        return f"{where} is another: decided up to {self.decided:,}, goes on at {self.next_offset:,} of {self.end:,}"


@dataclass
class Replayed:
    """A log's state, and what its reconnection needs beside it."""

    state: PartitionState[Any]
    last: dict[str, Coordinates] = field(default_factory=dict)
    """The last input of each topic that the broker really had."""
    feeds: dict[Key, bytes | None] = field(default_factory=dict)
    """What each key of a feed says now."""
    ends: int = 0
    """The offset after the last record."""

    def fold(self, machine: Machine[Any], record: Record) -> None:
        """Adds one more record.

        Raises:
            ReconnectionRefused: if it is not the next one.
        """
        if record.seq != self.state.seq:
            raise ReconnectionRefused(f"the log is damaged: record {record.seq} follows {self.state.seq - 1}")
        for feed in machine.replay(self.state, record):
            self.feeds[feed.topic, feed.key] = feed.value
        if record.input is not None and record.last is None:
            self.last[record.input.topic] = record.input


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be said in the log of one partition."""

    replayed: Replayed
    junctions: Sequence[Junction]
    topics: TopicsReconnected


class Reconnection:
    """Of all partitions of a domain, or of one. Deciders and enrichers must not run."""

    def __init__(self, settings: Settings, domain: Domain[Any], clock: Clock) -> None:
        self._settings, self._domain, self._clock = settings, domain, clock
        self._machine = Machine(domain)
        self._codec = RecordCodec(domain.topics.types, domain.outcomes)

    async def plan(self, partition: int | None = None) -> list[Plan]:
        """What there is to do in each partition that has a log.

        Raises:
            ReconnectionRefused: if deciders or enrichers run, there is no such partition, or the log is damaged.
            UnreadableRecord: if this version cannot read the log.
        """
        topics = self._domain.topics
        await check_log(self._settings, topics.log)
        for group in (deciders_group(self._settings, topics), enrichers_group(self._settings, topics)):
            if state := await busy(self._settings, group):
                raise ReconnectionRefused(f"the group {group} is {state}: stop deciders and enrichers first")
        count = await partitions_of(self._settings, topics.log)
        if partition is not None and partition >= count:
            raise ReconnectionRefused(f"there is no partition {partition}: {topics.name} has {count}")
        partitions = range(count) if partition is None else (partition,)
        tps = [
            self._tp(topic, n) for n in partitions for topic in (topics.log, topics.enriched, *topics.inputs)
        ]
        async with reader(self._settings, *tps) as consumer:
            found = [await self._plan(consumer, number) for number in partitions]
        return [plan for plan in found if plan is not None]

    async def carry_out(self, plans: Sequence[Plan]) -> None:
        """Says in each log where its inputs go on, says anew what the feeds say, and rewinds the enrichers.

        Raises:
            ReconnectionRefused: if somebody else writes to the log.
        """
        for plan in plans:
            await self._write(plan)
        goals = {(each.topic, each.partition): each.next_offset for plan in plans for each in plan.junctions}
        for plan in plans:
            partition = plan.replayed.state.partition
            await rewind(self._settings, self._domain.topics, partition, decided=goals)

    async def _plan(self, consumer: AIOKafkaConsumer, partition: int) -> Plan | None:
        replayed = Replayed(self._machine.new(partition))
        log = self._tp(self._domain.topics.log, partition)
        async for lot in read(consumer, log, 0, await end_of(consumer, log)):
            for message in lot:
                replayed.fold(self._machine, decode(self._codec, message))
                replayed.ends = message.offset + 1
        if not replayed.state.seq:
            return None
        junctions = [await self._junction(consumer, topic, replayed) for topic in self._domain.topics.inputs]
        enriched = self._tp(self._domain.topics.enriched, partition)
        end = await end_of(consumer, enriched)
        topics = TopicsReconnected(
            inputs={each.topic: each.next_offset for each in junctions},
            enriched=end,
            last_input=await _last_input(consumer, enriched, end),
        )
        return Plan(replayed, junctions, topics)

    async def _junction(self, consumer: AIOKafkaConsumer, topic: Topic, replayed: Replayed) -> Junction:
        """The same topic goes on where the log has come; another one with what came after all that is decided."""
        tp = self._tp(topic, replayed.state.partition)
        mark = replayed.state.inputs.get(topic.name) or Mark()
        end = await end_of(consumer, tp)
        goes_on = mark.next_offset
        if not await _is_same(consumer, tp, replayed.last.get(topic.name), mark.next_offset, end):
            found = (await consumer.offsets_for_times({tp: mark.appended_at + 1}))[tp]
            goes_on = end if found is None else found.offset
        return Junction(topic.name, tp.partition, mark.next_offset, goes_on, end)

    async def _write(self, plan: Plan) -> None:
        state, limits = plan.replayed.state, Limits()
        log = self._domain.topics.log
        writer = LogWriter(self._settings, self._domain.topics.name, state.partition, limits, Faults())
        try:
            await writer.start()
            await self._require_unmoved(plan.replayed)
            now = int(self._clock.now().timestamp() * 1000)
            record = self._machine.reconnect(state, plan.topics, now)
            said = iter(plan.replayed.feeds.items())
            while lot := list(islice(said, limits.batch_records)):
                await writer.write(_outbox(lot), lot[0][0][0])
            outbox = Outbox()
            outbox.add(log.name, None, self._codec.encode(record))
            await writer.write(outbox, log.name)
        except (Fenced, TransactionFailed) as error:
            raise ReconnectionRefused(f"partition {state.partition} was not written: {error}") from error
        finally:
            await writer.close()

    async def _require_unmoved(self, replayed: Replayed) -> None:
        """Nobody else can write any more; nor may anybody have done so since the log was read."""
        tp = self._tp(self._domain.topics.log, replayed.state.partition)
        async with reader(self._settings, tp) as consumer:
            async for lot in read(consumer, tp, replayed.ends, await end_of(consumer, tp)):
                raise ReconnectionRefused(
                    f"{tp.topic}[{tp.partition}] goes on with {len(lot)} records since it was read: "
                    f"stop the deciders and begin again"
                )

    def _tp(self, topic: Topic, partition: int) -> TopicPartition:
        return TopicPartition(self._settings.topic(topic.name), partition)


async def _is_same(
    consumer: AIOKafkaConsumer, tp: TopicPartition, last: Coordinates | None, next_offset: int, end: int
) -> bool:
    """Whether what the log decided last still stands in the topic, or is gone because it is old."""
    if end < next_offset:
        return False
    if last is None or (await consumer.beginning_offsets([tp]))[tp] > last.offset:
        return True
    async for lot in read(consumer, tp, last.offset, last.offset + 1):
        return bool(lot[0].timestamp == last.appended_at)
    return False


async def _last_input(consumer: AIOKafkaConsumer, tp: TopicPartition, end: int) -> Coordinates | None:
    """Which input the message before `end` is about."""
    if (await consumer.beginning_offsets([tp]))[tp] >= end:
        return None
    return await input_at(consumer, tp, end - 1)


def _outbox(feeds: Iterable[tuple[Key, bytes | None]]) -> Outbox:
    outbox = Outbox()
    for (topic, key), value in feeds:
        outbox.add(topic, key, value)
    return outbox
