"""Deciders are killed, stopped and joined at the worst moments: the log is that of an undisturbed run."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from runtime.embedded.kafka import EmbeddedKafka
from runtime.fault import VARIABLE
from runtime.settings import Settings
from schemas.topics import DEAD_LETTERS
from tests.streams.counting import EVENTS, FEED, TOPICS
from tests.streams.scene import QUICK, Scene, all_have, inputs_of, numbers, states, until

ROOT = Path(__file__).parents[2]
KILLS = (
    *("before-fold", "after-fold", "before-decide", "after-decide", "before-send", "after-send"),
    *("before-commit", "after-commit", "after-decide:2", "after-send:2", "before-commit:3", "after-commit:2"),
)

pytestmark = pytest.mark.slow


@asynccontextmanager
async def process(settings: Settings, fault: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """A decider in a process of its own."""
    env = {**os.environ, **settings.environment(), VARIABLE: fault, "PYTHONPATH": str(ROOT)}
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.streams.counting_decider",
        env=env,
        cwd=ROOT,
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def everything(scene: Scene) -> list[tuple[bytes | None, bytes | None]]:
    """All that was ever published, in order."""
    return [
        (message.key, message.value)
        for topic in (TOPICS.log.name, FEED, DEAD_LETTERS.name)
        for partition in range(scene.settings.partitions)
        for message in await scene.messages(topic, partition)
    ]


@pytest.fixture
async def calm(kafka_settings: Settings) -> Scene:
    """Where nothing happens."""
    prefix = f"calm.{kafka_settings.topic_prefix}"
    scene = Scene(kafka_settings.model_copy(update={"topic_prefix": prefix, "partitions": 1}))
    await scene.create_topics()
    return scene


@pytest.fixture
async def wild(kafka_settings: Settings, tmp_path: Path) -> Scene:
    """Where everything happens."""
    scene = Scene(kafka_settings.model_copy(update={"snapshot_dir": tmp_path, "partitions": 1}))
    await scene.create_topics()
    return scene


@pytest.mark.timeout(300)
async def test_a_kill_anywhere_changes_nothing(calm: Scene, wild: Scene) -> None:
    end = 0
    for kill in KILLS:
        for scene in (calm, wild):
            await scene.write(numbers(end, end + 300))
        end += 300
        async with process(wild.settings, kill) as child, asyncio.timeout(60):
            assert await child.wait() == -signal.SIGKILL, kill
    await calm.decide_all(end + 1)
    await wild.decide_all(end + 1)
    assert await everything(wild) == await everything(calm)
    assert inputs_of(await wild.log()) == [(EVENTS, n) for n in range(end)]


@pytest.mark.timeout(300)
async def test_a_stopped_process_that_wakes_is_a_zombie(calm: Scene, wild: Scene) -> None:
    """It sleeps longer than its group waits, and wakes with a batch in its hands."""
    await wild.write(numbers(0, 1000))
    async with process(wild.settings) as sleeper:
        await wild.until_records(300)
        sleeper.send_signal(signal.SIGSTOP)
        await wild.write(numbers(1000, 2000))
        await wild.decide_all(2001)
        await wild.write(numbers(2000, 2500))
        sleeper.send_signal(signal.SIGCONT)
        await wild.until_records(2501)
        sleeper.terminate()
        assert await sleeper.wait() == 0
    await calm.write(numbers(0, 2500))
    await calm.decide_all(2501)
    assert await everything(wild) == await everything(calm)


@pytest.mark.timeout(300)
async def test_deciders_join_and_leave_under_load(kafka_settings: Settings) -> None:
    scene = Scene(kafka_settings.model_copy(update={"partitions": 4}))
    await scene.create_topics()

    async def load() -> None:
        for begin in range(0, 4000, 100):
            for partition in range(4):
                await scene.write(numbers(begin, begin + 100, partition))

    loading = asyncio.create_task(load())
    constant = scene.decider()
    async with scene.running(constant):
        while not loading.done():
            guest = scene.decider(replace(QUICK, batch_records=50))
            async with scene.running(guest):
                await until(lambda guest=guest: "live" in states(guest))
                await until(lambda guest=guest: sum(s.seq for s in guest.status()) > 0)
        await loading
        await until(lambda: all_have(constant, 4, 4001), 60)
    for partition in range(4):
        records = await scene.log(partition)
        assert [r.seq for r in records] == list(range(4001))
        assert inputs_of(records) == [(EVENTS, n) for n in range(4000)]


@pytest.mark.timeout(300)
async def test_a_broker_that_restarts_under_load_loses_nothing(tmp_path: Path) -> None:
    broker = EmbeddedKafka(tmp_path / "kafka")
    address = await broker.start()
    try:
        settings = Settings(
            kafka_bootstrap_servers=address, database_url="postgresql://nowhere", partitions=2
        )
        scene = Scene(settings)
        await scene.create_topics()
        for partition in range(2):
            await scene.write(numbers(0, 3000, partition))
        decider = scene.decider(replace(QUICK, batch_records=20, transaction_seconds=3.0, attempts=12))
        async with scene.running(decider):
            await until(lambda: all_have(decider, 2, 200))
            await broker.stop()
            await broker.start()
            await until(lambda: all_have(decider, 2, 3001), 120)
        for partition in range(2):
            assert inputs_of(await scene.log(partition)) == [(EVENTS, n) for n in range(3000)]
    finally:
        await broker.stop()
