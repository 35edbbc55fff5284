"""The records of a log in the order in which they were decided, all partitions together."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from runtime.reading import decode, end_of, read, reader, tps_of
from runtime.settings import Settings
from schemas.record import Record, RecordCodec
from schemas.topics import Topic

LOT = 2000
"""Records that are handed on together."""


@dataclass(frozen=True, slots=True)
class Sourced:
    """A record of the log that is copied, and where it stands there."""

    partition: int
    offset: int
    key: bytes | None
    value: bytes
    record: Record


@dataclass
class _Source:
    """One partition, from its next record to an end."""

    consumer: AIOKafkaConsumer
    tp: TopicPartition
    codec: RecordCodec
    start: int = 0
    lots: AsyncIterator[Sequence[ConsumerRecord]] = field(init=False)
    waiting: deque[Sourced] = field(default_factory=deque)
    latest: int | None = None
    """The decision time of the last record that was read."""

    def begin(self, end: int) -> None:
        self.lots = read(self.consumer, self.tp, self.start, end)

    async def fill(self) -> bool:
        """Whether there is a next record."""
        if self.waiting:
            return True
        async for lot in self.lots:
            for message in lot:
                record = decode(self.codec, message)
                at = (self.tp.partition, message.offset)
                self.waiting.append(Sourced(*at, message.key, message.value, record))
            self.latest = self.waiting[-1].record.at
            return True
        return False


class Sources:
    """All partitions of one log. Each round goes on where the one before has ended."""

    def __init__(self, sources: Sequence[_Source]) -> None:
        self._sources = sources

    async def behind(self) -> int:
        """How many offsets have come since the last round, or are there for the first one."""
        return sum([max(0, await end_of(each.consumer, each.tp) - each.start) for each in self._sources])

    async def round(self, *, last: bool) -> AsyncIterator[Sequence[Sourced]]:
        """What stands in the log now, in lots.

        As long as more may come, nothing is taken that was decided after the last record of any partition: that
        has to be in order, too.
        """
        for each in self._sources:
            each.waiting.clear()
            each.begin(await end_of(each.consumer, each.tp))
        heads = [
            (each.waiting[0].record.at, each.tp.partition) for each in self._sources if await each.fill()
        ]
        heapq.heapify(heads)
        by_number = {each.tp.partition: each for each in self._sources}
        lot: list[Sourced] = []
        while heads:
            _, number = heapq.heappop(heads)
            source = by_number[number]
            if not last and self._is_early(source.waiting[0].record.at):
                break
            lot.append(source.waiting.popleft())
            source.start = lot[-1].offset + 1
            if await source.fill():
                heapq.heappush(heads, (source.waiting[0].record.at, number))
            if len(lot) == LOT:
                yield lot
                lot = []
        if lot:
            yield lot

    def _is_early(self, at: int) -> bool:
        """Whether a partition that has been read to its end may still bring something before this time."""
        ended = (each for each in self._sources if not each.waiting and each.latest is not None)
        return any(each.latest is not None and at > each.latest for each in ended)


@asynccontextmanager
async def sources(settings: Settings, log: Topic, codec: RecordCodec) -> AsyncIterator[Sources]:
    """The sources of a domain's log with their clients, for as long as the block lasts.

    `settings`: of the generation that is read.
    """
    async with AsyncExitStack() as stack:
        tps = await tps_of(settings, log)
        yield Sources(
            [_Source(await stack.enter_async_context(reader(settings, tp)), tp, codec) for tp in tps]
        )
