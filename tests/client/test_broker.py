"""What the client sends, read back from a real broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from socket import create_server
from typing import Any
from uuid import UUID, uuid4

from relearn_client import Client, TelemetryCapture
from relearn_client.models import ResponseServed
from runtime import kafka as clients
from runtime.embedded.kafka import EmbeddedKafka
from runtime.kafka import create_topics
from runtime.settings import Settings
from schemas.codec import decode
from schemas.event import Event
from schemas.keys import key_of
from schemas.topics import EXECUTIONS, LEARNING, Topic, every_topic, input_for
from tests.client.telling import ROUTING

TYPES = {**LEARNING.types, **EXECUTIONS.types}
CONVERSATION = uuid4()


async def read(settings: Settings, topic: Topic, count: int) -> list[Event[Any]]:
    """So many events of this topic, strictly decoded, in the order of the broker's times; each at its key."""
    async with clients.consumer(settings, settings.topic(topic.name)) as consumer:
        messages = [await asyncio.wait_for(consumer.getone(), 20) for _ in range(count)]
    events = [decode(message.value, TYPES, strict=True) for message in messages]
    assert [message.key for message in messages] == [key_of(event) for event in events]
    return events


@asynccontextmanager
async def forwarding(port: int, address: str) -> AsyncIterator[None]:
    """Whoever connects to this port speaks with that address."""

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, there = address.rpartition(":")
        far_reader, far_writer = await asyncio.open_connection(host, int(there))
        await asyncio.gather(pump(reader, far_writer), pump(far_reader, writer), return_exceptions=True)

    async with await asyncio.start_server(forward, "127.0.0.1", port):
        yield


def free_port() -> int:
    with closing(create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


async def send_one_of_each(client: Client) -> list[UUID]:
    served = ResponseServed(conversation_id=CONVERSATION, response_text="30 days.", response_type="text")
    said = [{"role": "user", "content": "How long do refunds take?"}]
    about: dict[str, Any] = {"shop": 12, "conversation_id": CONVERSATION}
    return [
        await client.feedback(**about, feedback_type="thumbs_down", reason="It is 14 days."),
        await client.correction(**about, original_response="30 days.", corrected_answer="14 days."),
        await client.call(shop=12, transcript="Good morning."),
        await client.conversation(**about, user_id="ann", channel="web", messages=said),
        await client.response(served, shop=12),
    ]


async def test_one_of_each_and_a_captured_task_are_read_as_they_were_sent(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, every_topic())
    where = (kafka_settings.kafka_bootstrap_servers, "/shop-app", kafka_settings.topic_prefix)
    async with Client(*where) as client:
        ids = await send_one_of_each(client)
    told = await read(kafka_settings, input_for("relearn.feedback.given.v1"), 5)
    assert [event.id for event in told] == ids, "one shop, one partition, and so in order"
    assert {(event.shop_id, event.source, event.subject) for event in told} == {(12, "/shop-app", None)}
    assert [event.type.split(".")[1] for event in told] == [
        "feedback",
        "response",
        "call",
        "conversation",
        "response",
    ]

    async with TelemetryCapture(*where, close_seconds=20) as capture:
        async with capture.task(routed=ROUTING, pool_id="pool-3") as task:
            task.quality = 91.0
        capture.feedback(task_id=task.task_id, by="ann", accepted=True)
    assert (capture.sent, capture.dropped, capture.failed) == (4, 0, 0)
    of_task = await read(kafka_settings, input_for("relearn.task.routed.v1"), 4)
    assert [event.type.split(".")[2] for event in of_task] == [
        "routed",
        "started",
        "completed",
        "feedback-given",
    ]
    assert {(event.shop_id, event.subject) for event in of_task} == {(0, ROUTING["task_id"])}
    assert of_task[2].data.quality_score == 91.0


async def test_a_broker_that_comes_later_gets_what_waited(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, EXECUTIONS.inputs)
    port = free_port()
    async with TelemetryCapture(
        f"127.0.0.1:{port}", "/orchestrator", kafka_settings.topic_prefix, close_seconds=20
    ) as capture:
        capture.routed(**ROUTING)
        while capture._delivery._pause < 0.2:
            await asyncio.sleep(0.01)
        async with forwarding(port, kafka_settings.kafka_bootstrap_servers):
            while not capture.sent:
                await asyncio.sleep(0.01)
        large = "x" * 30_000
        for number in range(100):
            capture.completed(task_id=f"t{number}", success=True, duration_seconds=1, solution_summary=large)
    assert (capture.sent, capture.dropped, capture.failed) == (101, 0, 0)


async def test_an_event_that_is_large_is_refused_and_the_next_one_sent(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, EXECUTIONS.inputs)
    async with TelemetryCapture(
        kafka_settings.kafka_bootstrap_servers,
        "/orchestrator",
        kafka_settings.topic_prefix,
        close_seconds=20,
        max_request_size=1000,
    ) as capture:
        capture.completed(task_id="t1", success=True, duration_seconds=1, solution_summary="x" * 2000)
        capture.completed(task_id="t2", success=True, duration_seconds=1)
    assert (capture.sent, capture.dropped, capture.failed) == (1, 0, 1)


async def test_a_broker_that_goes_away_is_no_failure_and_the_end_comes_in_time(tmp_path: Path) -> None:
    broker = EmbeddedKafka(tmp_path)
    address = await broker.start()
    settings = Settings(kafka_bootstrap_servers=address, database_url="postgresql://nowhere")
    await create_topics(settings, EXECUTIONS.inputs)
    before = asyncio.all_tasks()
    async with TelemetryCapture(address, "/orchestrator", close_seconds=0.5) as capture:
        capture.routed(**ROUTING)
        async with asyncio.timeout(20):
            while not capture.sent:
                await asyncio.sleep(0.01)
        await broker.stop()
        async with capture.task(routed=ROUTING):
            await asyncio.sleep(0.1)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    assert (capture.sent, capture.dropped, capture.failed) == (1, 3, 0)
    assert asyncio.all_tasks() == before
