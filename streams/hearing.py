"""A log read once, to the end that it has now."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from runtime.reading import decode, end_of, read, reader, tps_of
from runtime.settings import Settings
from schemas.record import Record, RecordCodec
from streams.domain import Domain

Hear = Callable[[Sequence[Record]], object]
"""Takes the next records of one partition."""


class Tell(NamedTuple):
    """Who hears of progress, in offsets: of all that there are, and of those that were just done."""

    begin: Callable[[int], object]
    done: Callable[[int], object]


async def hear_log(settings: Settings, domain: Domain[Any], begin: Callable[[int], Hear], tell: Tell) -> None:
    """Reads one partition after the other; `begin` is told which one comes, and says who hears it.

    Raises:
        UnreadableRecord: if this version cannot read a record.
    """
    codec = RecordCodec(domain.topics.types, domain.outcomes)
    tps = await tps_of(settings, domain.topics.log)
    async for partition, lots in each_partition(settings, dict.fromkeys(tps, 0), tell):
        hear = begin(partition)
        async for lot in lots:
            hear([decode(codec, message) for message in lot])


async def each_partition(
    settings: Settings, starts: Mapping[TopicPartition, int], tell: Tell
) -> AsyncIterator[tuple[int, AsyncIterator[Sequence[ConsumerRecord]]]]:
    """One partition after the other: its number, and its messages from an offset to where it ends now, in lots."""
    async with reader(settings, *starts) as consumer:
        ends = {tp: await end_of(consumer, tp) for tp in starts}
        tell.begin(sum(ends[tp] - start for tp, start in starts.items()))
        for tp, start in starts.items():
            yield tp.partition, _lots(consumer, tp, start, ends[tp], tell)


async def _lots(
    consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int, tell: Tell
) -> AsyncIterator[Sequence[ConsumerRecord]]:
    at = start
    async for lot in read(consumer, tp, start, end):
        yield lot
        tell.done(lot[-1].offset + 1 - at)
        at = lot[-1].offset + 1
    tell.done(end - at)
