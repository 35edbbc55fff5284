"""Looks into a decision log without reading all of it."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from runtime.reading import end_of, read

FIRST_STEP = 4
"""How far before the end to look first: a transaction of one record ends with its marker."""


async def first_from(
    consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int, end: int
) -> ConsumerRecord | None:
    """The first record at this offset or after it, before `end`; None if there is none."""
    async for lot in read(consumer, tp, offset, end):
        return lot[0]
    return None


async def last_of(consumer: AIOKafkaConsumer, tp: TopicPartition) -> ConsumerRecord | None:
    """The last committed record of a partition; None if it has none.

    The end of a log is not its last record's: markers of transactions, and aborted ones, may follow it.
    """
    end, step = await end_of(consumer, tp), FIRST_STEP
    begin = (await consumer.beginning_offsets([tp]))[tp]
    while end > begin:
        start = max(begin, end - step)
        found = None
        async for lot in read(consumer, tp, start, end):
            found = lot[-1]
        if found is not None or start == begin:
            return found
        step *= 4
    return None
