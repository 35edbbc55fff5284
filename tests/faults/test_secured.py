"""Every part over TLS, as a user of its own who may do what it needs and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
import trustme
from aiokafka.errors import TopicAuthorizationFailedError

from cli.keys import minted
from cli.status import until_caught_up
from runtime import kafka
from runtime.appender import Appender
from runtime.clock import SystemClock
from runtime.embedded.ports import HOST, free_port
from runtime.keys import put_key
from schemas.topics import LEARNING
from tests.faults.decided import assert_appended, assert_decided_once
from tests.faults.house import PARTS, Keeper
from tests.faults.load import create_topics, thumbs
from tests.faults.parts import ended
from tests.faults.secured import SecuredKafka, of_api, of_part, of_topics

USERS = ("service", "reviewer", "api", *PARTS)
CAUGHT_UP = 120.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.fixture
async def broker(folder: Path) -> AsyncIterator[SecuredKafka]:
    """With a user for each part, for services and for reviewers; each has what it needs."""
    broker = SecuredKafka(folder, USERS)
    await broker.start()
    await create_topics(broker.administrator)
    for user in USERS:
        grants = of_part if user in PARTS else of_topics
        await broker.grant(user, grants(broker.administrator, user))
    await broker.grant("api", of_api(broker.administrator))
    yield broker
    await broker.stop()


async def a_service_appends_events_and_no_reviews(broker: SecuredKafka) -> None:
    events, reviews = (topic.name for topic in LEARNING.inputs)
    async with kafka.producer(broker.settings_of("service")) as producer:
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(reviews, b"{}", b"7")
        said = thumbs(20)
        await Appender(producer, str).append(*said)
    async with kafka.producer(broker.settings_of("reviewer")) as producer:
        await producer.send_and_wait(reviews, b"{}", b"7")
        with pytest.raises(TopicAuthorizationFailedError):
            await producer.send_and_wait(events, b"{}", b"7")
    await assert_appended(broker.administrator, [event.id for event in said], once=True)


async def every_part_does_its_work(broker: SecuredKafka, database: str, folder: Path) -> None:
    keeper = Keeper(folder)
    try:
        for part in PARTS:
            settings = broker.settings_of(part, database_url=database, embedding_cache=folder / "vectors")
            await keeper.start(settings, part)
        seen = broker.administrator.model_copy(update={"database_url": database})
        await until_caught_up(seen, CAUGHT_UP)
        await assert_decided_once(seen)
        await the_api_does_its_work(broker, database, keeper)
        assert not keeper.crashes
    finally:
        await keeper.stop()
        keeper.tell()


async def the_api_does_its_work(broker: SecuredKafka, database: str, keeper: Keeper) -> None:
    key, secret = minted("service", (7,), "a shop", SystemClock().now())
    await put_key(broker.administrator, key)
    port, health = free_port(), free_port()
    settings = broker.settings_of("api", database_url=database, api_port=port, health_port=health)
    await keeper.start(settings, "api")
    said = {"conversation_id": str(uuid4()), "thumbs": "down", "response": "No.", "suggested_answer": "Yes."}
    headers = {"authorization": f"Bearer {secret}", "prefer": "wait=30"}
    async with asyncio.timeout(CAUGHT_UP), httpx.AsyncClient(timeout=40) as client:
        await until_ready(client, f"http://{HOST}:{health}/health")
        answer = await client.post(f"http://{HOST}:{port}/api/feedback/rating", json=said, headers=headers)
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert [each["kind"] for each in answer.json()["outcomes"]] == ["FeedbackStored", "ItemProposed"]


async def until_ready(client: httpx.AsyncClient, health: str) -> None:
    while True:
        with suppress(httpx.TransportError):
            if (await client.get(health)).status_code == HTTPStatus.OK:
                return
        await asyncio.sleep(0.1)


async def who_is_not_let_in_hears_why(broker: SecuredKafka, database: str, folder: Path) -> None:
    stranger = folder / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    for part in PARTS:
        wrong = broker.settings_of(part, database_url=database, kafka_sasl_password="guessed")
        last = await ended(part, wrong)
        assert last.startswith("relearn: Kafka at ")
        assert f"refuses user '{part}' by SCRAM-SHA-512: look at RELEARN_KAFKA_SASL_USERNAME" in last
    wrong = broker.settings_of("decider", database_url=database, kafka_ssl_cafile=stranger)
    last = await ended("decider", wrong)
    assert last.startswith("relearn: the certificate of Kafka at ")
    assert last.endswith("is the authority that signed it in RELEARN_KAFKA_SSL_CAFILE?")


async def test_parts_work_on_a_secured_broker(broker: SecuredKafka, database: str, folder: Path) -> None:
    await a_service_appends_events_and_no_reviews(broker)
    await every_part_does_its_work(broker, database, folder)
    await who_is_not_let_in_hears_why(broker, database, folder)
