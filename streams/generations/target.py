"""One partition of a generation that is being made: what stands in it, and what came of it so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from runtime.fault import Faults
from runtime.reading import decode, end_of, read, reader
from runtime.settings import Settings
from schemas.outcome import PolicyAdopted, TopicsReconnected
from schemas.record import Record, RecordCodec
from streams.domain import Domain
from streams.generations.sources import Sourced
from streams.limits import Limits
from streams.partition import Machine, PartitionState
from streams.writer import LogWriter, Outbox

S = TypeVar("S")

COPIED_FROM = "relearn-copied-from"
"""The header that says which record of the generation before a record was made of: partition and offset."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record for this partition, and what it was made of."""

    source: Sourced
    record: Record


@dataclass
class _Lot:
    """What one transaction writes."""

    outbox: Outbox = field(default_factory=Outbox)
    copied: dict[int, int] = field(default_factory=dict)


class Target(Generic[S]):
    """Writes one partition, and folds what it writes: a log that cannot be folded is never adopted."""

    def __init__(
        self, settings: Settings, domain: Domain[S], partition: int, feeds: bool, fault: Faults
    ) -> None:
        """`settings`: of the generation that is made. `feeds`: whether its feeds are new, too."""
        self._topics = domain.topics
        self._machine = Machine(domain)
        self._codec = RecordCodec(domain.topics.types, domain.outcomes)
        self._feeds = feeds
        self._limits = Limits()
        self._settings = settings
        self._tp = TopicPartition(settings.topic(domain.topics.log.name), partition)
        self._writer = LogWriter(settings, domain.topics.name, partition, self._limits, fault)
        self.state: PartitionState[S] = self._machine.new(partition)
        self._copied: dict[int, int] = {}
        """By partition of the generation before: the last record that was taken."""

    async def open(self) -> None:
        """Becomes the only writer, and reads what an interrupted copy has left."""
        await self._writer.start()
        async with reader(self._settings, self._tp) as consumer:
            await self._fold(consumer)

    async def close(self) -> None:
        """Lets go of the connection."""
        await self._writer.close()

    def lacks(self, source: Sourced) -> bool:
        """Whether nothing stands here that was made of this record, or of a later one of its partition."""
        return source.offset > self._copied.get(source.partition, -1)

    async def take(self, entries: Sequence[Entry]) -> None:
        """Writes these.

        Raises:
            Fenced: if somebody else writes here by now.
            TransactionFailed: if the brokers did not do it in time.
        """
        lot = _Lot()
        for entry in entries:
            self._add(lot, entry)
            if lot.outbox.size >= self._limits.transaction_bytes:
                await self._write(lot)
                lot = _Lot()
        await self._write(lot)

    async def reconnect(self, inputs: Mapping[str, int], now: int) -> None:
        """Says where inputs go on, in a record of its own, unless the last one says it."""
        state = self.state
        marks = {topic: mark.next_offset for topic, mark in state.inputs.items() if topic in inputs}
        if not state.seq or (state.checkpoint == -1 and marks == inputs):
            return
        outbox = Outbox()
        topics = TopicsReconnected(inputs=inputs, enriched=0)
        record = self._machine.reconnect(state, topics, now)
        outbox.add(self._topics.log.name, None, self._codec.encode(record))
        await self._writer.write(outbox, self._topics.log.name)

    def _add(self, lot: _Lot, entry: Entry) -> None:
        source, record = entry.source, entry.record
        if not self.state.seq and not _opens(record):
            raise ValueError(f"partition {self._tp.partition} would begin without a policy")
        if self.state.seq and _opens(record):
            # Of another partition that has become a part of this one.
            return
        numbered = record if record.seq == self.state.seq else replace(record, seq=self.state.seq)
        value = source.value if numbered is source.record else self._codec.encode(numbered)
        origin = (COPIED_FROM, f"{source.partition}/{source.offset}".encode())
        lot.outbox.add(self._topics.log.name, source.key, value, [origin])
        lot.copied[source.partition] = source.offset
        said = self._machine.replay(self.state, numbered)
        for feed in said if self._feeds else ():
            lot.outbox.add(feed.topic, feed.key, feed.value)

    async def _write(self, lot: _Lot) -> None:
        if lot.outbox.messages:
            await self._writer.write(lot.outbox, self._topics.log.name)
            self._copied |= lot.copied

    async def _fold(self, consumer: AIOKafkaConsumer) -> None:
        async for messages in read(consumer, self._tp, 0, await end_of(consumer, self._tp)):
            for message in messages:
                self._machine.fold(self.state, decode(self._codec, message))
                if (origin := _origin(message)) is not None:
                    self._copied[origin[0]] = origin[1]


def _opens(record: Record) -> bool:
    """Whether a log begins with this record."""
    return record.input is None and bool(record.outcomes) and isinstance(record.outcomes[0], PolicyAdopted)


def _origin(message: ConsumerRecord) -> tuple[int, int] | None:
    found: Any = dict(message.headers).get(COPIED_FROM)
    if found is None:
        return None
    partition, _, offset = found.decode().partition("/")
    return int(partition), int(offset)
