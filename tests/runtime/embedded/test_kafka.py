"""A broker keeps what it was told over restarts, deaths of its parent and its own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import TopicPartition

from runtime import kafka as clients
from runtime.embedded.kafka import BrokerFailed, EmbeddedKafka
from runtime.kafka import create_topics
from runtime.settings import Settings
from schemas.topics import LEARNING
from tests.runtime.embedded.parents import start_elsewhere, until_gone

LOG = TopicPartition(LEARNING.log.name, 0)


@pytest.fixture
async def broker(tmp_path: Path) -> AsyncIterator[EmbeddedKafka]:
    broker = EmbeddedKafka(tmp_path / "kafka")
    yield broker
    await broker.stop()


def _settings(address: str) -> Settings:
    return Settings(kafka_bootstrap_servers=address, database_url="nowhere")


async def _write(address: str, *values: bytes) -> None:
    await create_topics(_settings(address), [LEARNING.log])
    async with clients.producer(_settings(address)) as producer:
        for value in values:
            await producer.send_and_wait(LOG.topic, value, partition=0)


async def _read(address: str, count: int) -> list[bytes]:
    async with clients.consumer(_settings(address)) as consumer:
        consumer.assign([LOG])
        return [(await asyncio.wait_for(consumer.getone(), 20)).value for _ in range(count)]


async def test_what_was_written_survives_leaving_and_killing(broker: EmbeddedKafka, tmp_path: Path) -> None:
    left = EmbeddedKafka(tmp_path / "kafka")
    address = await left.start()
    await _write(address, b"one")
    assert await broker.start() == address, "a restart must keep the port"
    assert left.pid is None, "a broker that was left running must be ended first"
    await _write(address, b"two")
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)
    await _gone(broker)
    assert await broker.start() == address
    assert await _read(address, 2) == [b"one", b"two"]
    await broker.stop()
    assert broker.pid is None


async def _gone(broker: EmbeddedKafka) -> None:
    async with asyncio.timeout(10):
        while broker.pid is not None:
            await asyncio.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children that their parent has died")
async def test_a_killed_parent_leaves_no_broker_and_no_stale_pid(
    broker: EmbeddedKafka, tmp_path: Path
) -> None:
    parent, pid, address = await start_elsewhere("runtime.embedded.kafka:EmbeddedKafka", tmp_path / "kafka")
    await _write(address, b"one")
    parent.kill()
    await parent.wait()
    await until_gone(pid)
    bystander = subprocess.Popen(["sleep", "600"])
    try:
        # The pid file names a process that took the number over.
        (tmp_path / "kafka" / "kafka.pid").write_text(str(bystander.pid))
        assert await _read(await broker.start(), 1) == [b"one"]
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


async def test_a_broker_that_cannot_start_says_why(broker: EmbeddedKafka, tmp_path: Path) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "data").write_text("in the way")
    with pytest.raises(BrokerFailed, match="data"):
        await broker.start()
