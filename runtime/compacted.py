"""Small compacted topics of one partition, of which everybody knows all: read whole, written, and followed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TypeAlias

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from runtime import kafka
from runtime.closing import connected
from runtime.settings import Settings
from schemas.topics import Topic

POLL_MS = 200
PAUSE_SECONDS = 1.0
"""Between two looks for a topic that is not there, and after a failure."""
LONGEST_WAIT_MS = 10_000
"""How long a broker may keep somebody waiting who asks for what is new: next to nothing ever is."""

Said: TypeAlias = Mapping[bytes, ConsumerRecord]
"""The newest message of each key. What was taken back (a tombstone) is not among them."""

log = structlog.get_logger(__name__)


async def said(settings: Settings, topic: Topic) -> Said:
    """What the topic says now; nothing where there is no such topic yet."""
    tp = _partition(settings, topic)
    async with connected(kafka.consumer(settings)) as consumer:
        if tp.topic not in await consumer.topics():
            return {}
        consumer.assign([tp])
        return await _read(consumer, tp)


async def say(settings: Settings, topic: Topic, key: bytes, value: bytes) -> None:
    """Lets everybody know, in one step; returns when every in-sync replica has it."""
    async with connected(kafka.producer(settings)) as producer:
        await producer.send_and_wait(settings.topic(topic.name), value, key, partition=0)


async def heard(settings: Settings, topic: Topic) -> AsyncIterator[Said]:
    """What the topic says now, and again whenever it says something new; nothing while there is no such topic.

    Goes on through failures of the brokers. A topic that is made anew is read anew.

    Raises:
        KafkaConnectionError: if no broker can be reached at the start.
    """
    tp = _partition(settings, topic)
    # A position that is no longer there is a failure, and not passed over: what was said before may be gone.
    client = kafka.consumer(settings, auto_offset_reset="none", fetch_max_wait_ms=LONGEST_WAIT_MS)
    async with connected(client) as consumer:
        while tp.topic not in await _topics(consumer):
            yield {}
            await asyncio.sleep(PAUSE_SECONDS)
        consumer.assign([tp])
        while True:
            try:
                found = await _read(consumer, tp)
                while True:
                    yield found
                    found = _after(
                        found, (await consumer.getmany(tp, timeout_ms=LONGEST_WAIT_MS)).get(tp, ())
                    )
            except KafkaError as error:
                # Whoever works with the brokers will tell; until then what was known holds.
                log.info("a topic cannot be followed", topic=tp.topic, reason=repr(error))
                await asyncio.sleep(PAUSE_SECONDS)


async def _topics(consumer: AIOKafkaConsumer) -> set[str]:
    try:
        found: set[str] = await consumer.topics()
    except KafkaError as error:
        log.info("the topics cannot be listed", reason=repr(error))
        return set()
    return found


async def _read(consumer: AIOKafkaConsumer, tp: TopicPartition) -> Said:
    # A broker answers a connection's requests in turn: what waits for news would hold up the question for the end.
    consumer.pause(tp)
    await consumer.seek_to_beginning(tp)
    end = (await consumer.end_offsets([tp]))[tp]
    consumer.resume(tp)
    found: Said = {}
    while await consumer.position(tp) < end:
        found = _after(found, (await consumer.getmany(tp, timeout_ms=POLL_MS)).get(tp, ()))
    return found


def _after(found: Said, messages: Iterable[ConsumerRecord]) -> Said:
    """What is said after these messages."""
    newest = {**found, **{message.key: message for message in messages}}
    return {key: message for key, message in newest.items() if message.value is not None}


def _partition(settings: Settings, topic: Topic) -> TopicPartition:
    return TopicPartition(settings.topic(topic.name), 0)
