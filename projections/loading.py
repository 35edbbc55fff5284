"""Applies what stands in a log to one schema, partition by partition."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from asyncpg import Pool
from prometheus_client import CollectorRegistry

from projections.failures import LogRefused, StalePosition
from projections.meters import Meters
from projections.opening import Opening
from projections.positions import Position
from projections.projection import Projection
from projections.writer import Entry, Writer
from runtime import kafka
from runtime.closing import connected
from runtime.settings import Settings

BATCH = 2000
"""Records in one transaction, at most."""

WAIT_MS = 100
"""How long to wait for records before looking whether only markers of transactions are left."""

Ends = Mapping[int, int]
"""For each partition, the offset before which its records are meant."""

Tell = Callable[[int], object]
"""Hears how many offsets more are behind us."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is loaded where."""

    settings: Settings
    domain: str
    schema: str
    generation: int
    """Of the log."""
    partitions: int
    """How many the log has, whether all of them are loaded or not."""


class Loader:
    """Loads partitions, also several at once. Each position is with its rows, so anybody can go on from there."""

    def __init__(self, target: Target, projection: Projection, pool: Pool) -> None:
        """`pool`: of connections to the schema."""
        self._settings = target.settings
        self._projection = projection
        self._pool = pool
        self._topic = target.settings.topic(projection.log)
        self._partitions = target.partitions
        meters = Meters(projection.name, CollectorRegistry())
        self._writer = Writer(projection, pool, target.schema, meters, generation=target.generation)

    async def positions(self) -> Mapping[int, Position]:
        """How far each partition is applied."""
        found = await self._writer.positions.all(self._pool)
        return {each.partition: Position(each.next_offset, each.seq) for each in found}

    async def load(self, partition: int, end: int, tell: Tell) -> None:
        """Applies what stands before this end and is not applied yet.

        Raises:
            LogRefused: if the log is not for such tables, or ends before.
            RecordRefused: at a record that cannot be applied.
        """
        at, reached = await self._writer.position(partition), _Reached(tell)
        reached(at.next_offset)
        if at.next_offset >= end:
            return None
        tp = TopicPartition(self._topic, partition)
        async with connected(kafka.consumer(self._settings, auto_offset_reset="none")) as consumer:
            consumer.assign([tp])
            await self._check_ends(consumer, tp, end)
            while True:
                try:
                    return await self._go_on(consumer, tp, at, end, reached)
                except StalePosition:
                    # One who loaded before was killed, and its last commit came after all.
                    at = await self._writer.position(partition)

    async def _go_on(
        self, consumer: AIOKafkaConsumer, tp: TopicPartition, at: Position, end: int, reached: _Reached
    ) -> None:
        async for entries in _entries(consumer, tp, at.next_offset, end):
            if not at.seq:
                await self._check_opening(tp.partition, entries[0])
            at = await self._writer.apply(tp.partition, at, entries)
            reached(at.next_offset)
        reached(end)

    async def _check_ends(self, consumer: AIOKafkaConsumer, tp: TopicPartition, wanted: int) -> None:
        where = f"{self._projection.log}[{tp.partition}]"
        if begins := (await consumer.beginning_offsets([tp]))[tp]:
            raise LogRefused(
                f"{where} begins at {begins}, not at 0: its beginning was deleted. A log is kept for ever: restore it"
            )
        if wanted > (ends := (await consumer.end_offsets([tp]))[tp]):
            raise shorter(where, wanted, ends)

    async def _check_opening(self, partition: int, first: Entry) -> None:
        projection, model = self._projection, await self._writer.model()
        opening = Opening(projection.name, projection.log, projection.codec, self._partitions, model)
        opening.check(partition, first.value)


class _Reached:
    """Tells how many offsets more are behind, whoever brought us past them."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._offset = 0

    def __call__(self, offset: int) -> None:
        self._tell(offset - self._offset)
        self._offset = offset


def shorter(where: str, wanted: int, ends: int) -> LogRefused:
    """That a partition of the log ends before what is shown of it."""
    return LogRefused(
        f"{where} is shown up to {wanted}, but ends at {ends}: it has lost its end, or the tables are of another log"
    )


async def _entries(
    consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int
) -> AsyncIterator[list[Entry]]:
    """The records from `start` to before `end`, in lots. Offsets have gaps: the position tells the end."""
    consumer.seek(tp, start)
    while await consumer.position(tp) < end:
        fetched = await consumer.getmany(tp, timeout_ms=WAIT_MS, max_records=BATCH)
        if lot := [Entry(m.offset, m.value) for m in fetched.get(tp, ()) if m.offset < end]:
            yield lot
