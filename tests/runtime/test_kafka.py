"""Topics are created as declared, and the clients write what is declared to fit."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from aiokafka import TopicPartition

from runtime import kafka as clients
from runtime.kafka import TopicRefused, create_topics, topic_differences
from runtime.settings import Settings
from schemas.topics import LEARNING, MAX_RECORD_BYTES, every_topic


async def test_topics_are_created_once_and_as_declared(kafka_settings: Settings) -> None:
    names = {kafka_settings.topic(topic.name) for topic in every_topic()}
    assert set(await create_topics(kafka_settings, every_topic())) == names
    assert await create_topics(kafka_settings, every_topic()) == []
    assert await topic_differences(kafka_settings, every_topic()) == []


async def test_two_processes_may_create_at_once(kafka_settings: Settings) -> None:
    made = await asyncio.gather(*(create_topics(kafka_settings, every_topic()) for _ in range(3)))
    assert set().union(*made) == {kafka_settings.topic(topic.name) for topic in every_topic()}
    assert await topic_differences(kafka_settings, every_topic()) == []


async def test_differences_are_told(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, [replace(LEARNING.log, retention_ms=1000)])
    more = kafka_settings.model_copy(update={"partitions": 5})
    log = kafka_settings.topic(LEARNING.log.name)
    assert await topic_differences(more, [LEARNING.log, LEARNING.enriched]) == [
        f"topic {log} has 4 partitions, not 5",
        f"topic {log} has retention.ms=1000, not -1",
        f"topic {kafka_settings.topic(LEARNING.enriched.name)} is missing",
    ]


async def test_a_broker_that_refuses_is_quoted(kafka_settings: Settings) -> None:
    three = kafka_settings.model_copy(update={"kafka_replication_factor": 3})
    with pytest.raises(
        TopicRefused, match=f"topic {kafka_settings.topic_prefix}learning.decisions cannot be"
    ):
        await create_topics(three, [LEARNING.log])


async def test_the_largest_record_goes_through(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, [LEARNING.log])
    log = kafka_settings.topic(LEARNING.log.name)
    async with clients.producer(kafka_settings) as producer:
        await producer.send_and_wait(log, b"x" * MAX_RECORD_BYTES, b"7", partition=1)
    async with clients.consumer(kafka_settings) as consumer:
        consumer.assign([TopicPartition(log, 1)])
        message = await asyncio.wait_for(consumer.getone(), 20)
    assert len(message.value) == MAX_RECORD_BYTES
    assert message.timestamp_type == 1, "the time must be the broker's"


async def test_only_committed_records_are_read(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, [LEARNING.log])
    log = kafka_settings.topic(LEARNING.log.name)
    async with clients.producer(kafka_settings, transactional_id=f"{log}-0") as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(log, b"aborted", partition=0)
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(log, b"committed", partition=0)
    async with clients.consumer(kafka_settings) as consumer:
        consumer.assign([TopicPartition(log, 0)])
        assert (await asyncio.wait_for(consumer.getone(), 20)).value == b"committed"


def test_tls_and_sasl_come_from_the_settings() -> None:
    settings = Settings(
        kafka_bootstrap_servers="one:9092",
        database_url="x",
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_mechanism="SCRAM-SHA-256",
        kafka_sasl_username="me",
        kafka_sasl_password="hush",
    )
    told = dict(clients.connection(settings))
    assert told.pop("ssl_context").check_hostname is True
    assert told == {
        "bootstrap_servers": "one:9092",
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "me",
        "sasl_plain_password": "hush",
    }
