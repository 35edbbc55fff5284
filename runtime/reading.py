"""Reading partitions of a topic from one place to another, and the records of a log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from runtime import kafka
from runtime.closing import connected
from runtime.settings import Settings
from schemas.failures import UnreadableRecord
from schemas.record import Record, RecordCodec
from schemas.topics import Topic

LONGEST_POLL_MS = 10
READ_AT_ONCE = 500
WAIT_MS = 100
"""How long to wait for messages before looking whether only markers of transactions are left."""


async def partitions_of(settings: Settings, *topics: Topic) -> int:
    """How many partitions a topic has, or the one of several that has the fewest; 0 if there is none of that name."""
    async with connected(kafka.admin(settings)) as client:
        described = await client.describe_topics([settings.topic(topic.name) for topic in topics])
    return min(len(each["partitions"]) for each in described)


async def tps_of(settings: Settings, topic: Topic) -> list[TopicPartition]:
    """The partitions of a topic in order, as clients name them; none if there is no such topic."""
    count = await partitions_of(settings, topic)
    return [TopicPartition(settings.topic(topic.name), number) for number in range(count)]


@asynccontextmanager
async def reader(settings: Settings, *tps: TopicPartition) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer of committed messages of these partitions, none of which it reads before `read` says so."""
    # A broker answers a connection's requests in turn: what waits for new messages would hold up every look.
    async with connected(kafka.consumer(settings, fetch_max_wait_ms=LONGEST_POLL_MS)) as consumer:
        # Once and for all: aiokafka's consumer may hang when it is assigned anew.
        consumer.assign(tps)
        consumer.pause(*tps)
        yield consumer


async def end_of(consumer: AIOKafkaConsumer, tp: TopicPartition) -> int:
    """The offset after the last committed message, markers of transactions included."""
    ends: dict[TopicPartition, int] = await consumer.end_offsets([tp])
    return ends[tp]


async def read(
    consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int
) -> AsyncIterator[Sequence[ConsumerRecord]]:
    """The messages of one of a reader's partitions from offset `start` to before `end`, in lots.

    Offsets in a log have gaps, the markers of its transactions, so the position is what tells the end.
    """
    # Here and not when done: a generator that is left early ends at a time of its own.
    consumer.pause(*consumer.assignment())
    consumer.seek(tp, start)
    consumer.resume(tp)
    while await consumer.position(tp) < end:
        fetched = await consumer.getmany(tp, timeout_ms=WAIT_MS, max_records=READ_AT_ONCE)
        if lot := [message for message in fetched.get(tp, ()) if message.offset < end]:
            yield lot
        # What is buffered comes without waiting: heartbeats and other partitions need their turn.
        await asyncio.sleep(0)


def decode(codec: RecordCodec, message: ConsumerRecord) -> Record:
    """The record in a message of the log.

    Raises:
        UnreadableRecord: if this version cannot read it.
    """
    try:
        return codec.decode(message.value)
    except ValueError as error:
        raise UnreadableRecord(message.topic, message.partition, message.offset, str(error)) from error
