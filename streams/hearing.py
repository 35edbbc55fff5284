"""A whole log read once, from its beginning to the end that it has now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.settings import Settings
from schemas.record import Record, RecordCodec
from streams.domain import Domain
from streams.log import decode, end_of, partitions_of, read, reader

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
    log, codec = domain.topics.log, RecordCodec(domain.topics.types, domain.outcomes)
    tps = [
        TopicPartition(settings.topic(log.name), number)
        for number in range(await partitions_of(settings, log))
    ]
    async with reader(settings, *tps) as consumer:
        ends = {tp: await end_of(consumer, tp) for tp in tps}
        tell.begin(sum(ends.values()))
        for tp, end in ends.items():
            await _hear(consumer, tp, end, codec, begin(tp.partition), tell)


async def _hear(
    consumer: AIOKafkaConsumer, tp: TopicPartition, end: int, codec: RecordCodec, hear: Hear, tell: Tell
) -> None:
    at = 0
    async for lot in read(consumer, tp, 0, end):
        hear([decode(codec, message) for message in lot])
        tell.done(lot[-1].offset + 1 - at)
        at = lot[-1].offset + 1
    tell.done(end - at)
