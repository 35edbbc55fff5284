"""Inputs that are closed and opened elsewhere: nothing that a service tells is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from relearn_client import Client, TelemetryCapture
from runtime import kafka
from runtime.closing import connected
from runtime.kafka import close_topics, create_topics
from runtime.registry import register
from runtime.settings import Settings
from schemas.generation import Generation, Registered, names_of
from schemas.topics import DOMAINS, GENERATIONS, DomainTopics

TASK = {"task_type": "bug_fix", "task_description": "d", "repo": "a/b", "file_count": 1, "estimated_tokens": 1,
        "model_tier": "small", "pool_type": "p", "routing_confidence": 0.5}  # fmt: skip


async def close(settings: Settings, domain: DomainTopics) -> Registered:
    """The inputs of a domain are closed; another generation is about to take over."""
    first = Generation(number=1, model="m", partitions=4)
    names = names_of(domain, 2, "partitions", first)
    second = Generation(number=2, model="m", partitions=2, names=names)
    said = Registered(domain=domain.name, current=1, generations=(first, second), phase="closing", next=2)
    await register(settings, said)
    await close_topics(settings, domain.inputs)
    return said


async def adopt(settings: Settings, said: Registered) -> None:
    now = said.model_copy(update={"current": 2, "phase": "settled", "next": None})
    await create_topics(settings.following({said.domain: now}), DOMAINS[said.domain].inputs)
    await register(settings, now)


async def count(settings: Settings, topic: str) -> int:
    """How many messages there are, in the topic of this name at the broker less the prefix."""
    async with connected(kafka.admin(settings)) as admin:
        (told,) = await admin.describe_topics([settings.topic_prefix + topic])
    tps = [TopicPartition(told["topic"], each["partition"]) for each in told["partitions"]]
    async with connected(kafka.consumer(settings)) as consumer:
        return sum((await consumer.end_offsets(tps)).values())


@pytest.fixture
async def domain_topics(kafka_settings: Settings) -> Callable[[str], DomainTopics]:
    await create_topics(kafka_settings, [GENERATIONS])
    for domain in DOMAINS.values():
        await create_topics(kafka_settings, domain.inputs)
    return DOMAINS.__getitem__


async def test_a_client_waits_while_inputs_are_closed_and_goes_on_elsewhere(
    kafka_settings: Settings, domain_topics: Callable[[str], DomainTopics]
) -> None:
    servers, prefix = kafka_settings.kafka_bootstrap_servers, kafka_settings.topic_prefix
    async with Client(servers, "/tests", prefix) as client:
        await client.feedback(shop=7, conversation_id=uuid4(), feedback_type="thumbs_up")
        said = await close(kafka_settings, domain_topics("learning"))
        telling = asyncio.create_task(
            client.feedback(shop=7, conversation_id=uuid4(), feedback_type="thumbs_up")
        )
        await asyncio.sleep(1)
        assert not telling.done()
        await adopt(kafka_settings, said)
        async with asyncio.timeout(30):
            await telling
        assert await count(kafka_settings, "learning.events") == 1
        assert await count(kafka_settings, "learning.events.2") == 1
    async with Client(servers, "/tests", prefix) as client:
        await client.feedback(shop=7, conversation_id=uuid4(), feedback_type="thumbs_up")
    assert await count(kafka_settings, "learning.events.2") == 2


async def test_telemetry_goes_on_elsewhere_and_none_is_refused(
    kafka_settings: Settings, domain_topics: Callable[[str], DomainTopics]
) -> None:
    servers, prefix = kafka_settings.kafka_bootstrap_servers, kafka_settings.topic_prefix
    async with TelemetryCapture(servers, "/tests", prefix) as capture:
        assert capture.routed(task_id="one", **TASK)
        async with asyncio.timeout(30):
            while capture.sent < 1:
                await asyncio.sleep(0.01)
        said = await close(kafka_settings, domain_topics("executions"))
        assert capture.routed(task_id="two", **TASK)
        await asyncio.sleep(1)
        await adopt(kafka_settings, said)
        async with asyncio.timeout(30):
            while capture.sent < 2:
                await asyncio.sleep(0.01)
    assert (capture.failed, capture.dropped) == (0, 0)
    assert await count(kafka_settings, "tasks.events.2") == 1
