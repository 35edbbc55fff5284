"""A full disk: who needs it waits and says why, who only caches goes on; with room again all is as it should be."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import numpy as np
import pytest
from structlog.testing import capture_logs

from cli.status import until_caught_up
from runtime import kafka
from runtime.appender import Appender
from runtime.embedding import Embedder
from runtime.settings import Settings
from tests.faults.decided import assert_decided_once, assert_shown_as_rebuilt
from tests.faults.disk import Disk, small_disk
from tests.faults.house import PARTS, Keeper
from tests.faults.load import create_topics, thumbs
from tests.streams.scene import QUICK, Scene, decided, numbers, without_place

NO_ROOM = "No space left on device"
CAUGHT_UP = 120.0

pytestmark = pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="only root mounts disks")


@pytest.fixture
def disk(folder: Path) -> Iterator[Disk]:
    # Postgres is another user, and must come through.
    folder.chmod(0o711)
    with small_disk(folder / "disk", 64) as disk:
        yield disk


@pytest.fixture
async def on_disk(
    kafka_settings: Settings, postgres: str, template: str, disk: Disk
) -> AsyncIterator[Settings]:
    """An installation whose tables are on this disk, and nothing else."""
    data = unquote(parse_qs(urlsplit(postgres).query)["host"][0])
    os.chown(disk.path, Path(data).stat().st_uid, -1)
    name = f"small_{uuid4().hex}"
    owner = await asyncpg.connect(postgres)
    try:
        await owner.execute(f"CREATE TABLESPACE {name} LOCATION '{disk.path}'")
        await owner.execute(f"CREATE DATABASE {name} TEMPLATE {template} TABLESPACE {name}")
        url = urlunsplit(urlsplit(postgres)._replace(path=f"/{name}"))
        yield kafka_settings.model_copy(update={"database_url": url})
        await owner.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await owner.execute(f"DROP TABLESPACE {name}")
    finally:
        await owner.close()


@pytest.fixture
async def keeper(folder: Path) -> AsyncIterator[Keeper]:
    keeper = Keeper(folder)
    yield keeper
    await keeper.stop()


async def append(settings: Settings, count: int) -> None:
    async with kafka.producer(settings) as producer:
        await Appender(producer, settings.topic).append(*thumbs(count))


async def until_said(keeper: Keeper, part: str, words: str, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while words not in keeper.said(part):
            await asyncio.sleep(0.05)


async def tables_wait_for_room(settings: Settings, keeper: Keeper, disk: Disk, *, until_crash: bool) -> None:
    await create_topics(settings)
    await keeper.start(settings, *PARTS)
    await append(settings, 50)
    await until_caught_up(settings, CAUGHT_UP)
    disk.fill()
    await append(settings, 500)
    await until_said(keeper, "projector", NO_ROOM, 30)
    if until_crash:
        async with asyncio.timeout(120):
            while not any(words.startswith("projector ended") for words in keeper.crashes):
                await asyncio.sleep(0.1)
    disk.clear()
    await until_caught_up(settings, CAUGHT_UP)
    await assert_decided_once(settings)
    await keeper.stop()
    await assert_shown_as_rebuilt(settings)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_tables_wait_for_room(on_disk: Settings, keeper: Keeper, disk: Disk) -> None:
    await tables_wait_for_room(on_disk, keeper, disk, until_crash=False)
    assert not keeper.crashes


@pytest.mark.slow
@pytest.mark.timeout(400)
async def test_tables_wait_for_room_longer_than_a_projector_does(
    on_disk: Settings, keeper: Keeper, disk: Disk
) -> None:
    await tables_wait_for_room(on_disk, keeper, disk, until_crash=True)
    assert all(words.startswith("projector ended") for words in keeper.crashes)


async def test_without_room_for_snapshots_deciding_goes_on(kafka_settings: Settings, disk: Disk) -> None:
    snapshots = {"snapshot_dir": disk.path, "partitions": 1}
    scene, limits = Scene(kafka_settings.model_copy(update=snapshots)), replace(QUICK, snapshot_records=1)
    await scene.create_topics()
    disk.fill()
    with capture_logs() as said:
        await scene.write(numbers(0, 100))
        await scene.decide_all(100, limits=limits)
    assert {NO_ROOM in each["reason"] for each in said if each["event"] == "snapshot not written"} == {True}
    assert disk.files == [], "nothing half written may stay"
    disk.clear()
    await scene.write(numbers(100, 200))
    await scene.decide_all(200, limits=limits)
    assert len(disk.files) == 1
    assert without_place(await scene.log()) == without_place(decided(numbers(0, 200)))


async def test_without_room_for_a_cache_embedding_goes_on(disk: Disk) -> None:
    path = disk.path / "vectors"
    before = Embedder("all-MiniLM-L6-v2", path)
    disk.fill()
    with capture_logs() as said:
        [one] = await before.embed(["How long do refunds take? " * 50])
        texts = [f"How long does refund {n} take?" for n in range(200)]
        await before.embed(texts)
    assert "embeddings are not kept" in [each["event"] for each in said]
    before.close()
    with capture_logs() as said:
        after = Embedder("all-MiniLM-L6-v2", disk.path / "others")
    assert [each["event"] for each in said] == ["there is no room for a cache of embeddings"]
    [again] = await after.embed(["How long do refunds take? " * 50])
    assert np.array_equal(one.vector, again.vector)
    after.close()
