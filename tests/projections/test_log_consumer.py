"""What a projector reads the log with: little at once, and every record, however large."""

from __future__ import annotations

import asyncio

from aiokafka import TopicPartition

from projections.engine import FETCH_BYTES, PARTITION_FETCH_BYTES, log_consumer
from projections.learning.projection import PROJECTION
from runtime import kafka
from runtime.kafka import create_topics
from runtime.settings import Settings
from schemas.topics import LEARNING, MAX_RECORD_BYTES

SMALL, LARGE = b"small", b"l" * MAX_RECORD_BYTES


async def test_the_largest_records_come_through(kafka_settings: Settings) -> None:
    assert PARTITION_FETCH_BYTES < FETCH_BYTES <= MAX_RECORD_BYTES
    await create_topics(kafka_settings, (LEARNING.log,))
    topic = kafka_settings.topic(LEARNING.log.name)
    tps = [TopicPartition(topic, partition) for partition in range(kafka_settings.partitions)]
    said = [SMALL, LARGE, SMALL, LARGE, LARGE, SMALL]
    async with kafka.producer(kafka_settings) as producer:
        for tp in tps:
            for value in said:
                await producer.send_and_wait(topic, value, partition=tp.partition)
    consumer = log_consumer(kafka_settings, PROJECTION)
    async with consumer:
        consumer.subscribe([topic])
        async with asyncio.timeout(60):
            while set(tps) - consumer.assignment():
                await asyncio.sleep(0.01)
            await consumer.seek_to_beginning(*tps)
            heard: dict[TopicPartition, list[int]] = {tp: [] for tp in tps}
            while any(len(lengths) < len(said) for lengths in heard.values()):
                for tp, messages in (await consumer.getmany(timeout_ms=500)).items():
                    heard[tp] += [len(m.value) for m in messages]
    assert heard == {tp: [len(value) for value in said] for tp in tps}
