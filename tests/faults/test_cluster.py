"""One broker of three is killed under load: nothing that was acknowledged is lost, and all goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli.status import until_caught_up
from runtime import kafka
from runtime.settings import Settings
from schemas.topics import LEARNING
from tests.faults.cluster import Cluster
from tests.faults.decided import assert_appended, assert_decided_once, assert_shown_as_rebuilt
from tests.faults.house import PARTS, Keeper, kill
from tests.faults.load import create_topics, under_load

GOES_ON = 60.0
CAUGHT_UP = 120.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture
async def cluster(folder: Path) -> AsyncIterator[Cluster]:
    cluster = Cluster(folder)
    try:
        yield cluster
    finally:
        await cluster.stop()


@pytest.fixture
async def installed(cluster: Cluster, database: str, folder: Path) -> Settings:
    """Topics as they are to be in production: three copies, two of which must have what is acknowledged."""
    settings = Settings(
        kafka_bootstrap_servers=await cluster.start(),
        kafka_replication_factor=3,
        kafka_min_insync_replicas=2,
        database_url=database,
        embedding_cache=folder / "vectors",
    )
    await create_topics(settings)
    return settings


@pytest.fixture
async def keeper(folder: Path) -> AsyncIterator[Keeper]:
    keeper = Keeper(folder)
    yield keeper
    await keeper.stop()


async def busiest(settings: Settings) -> int:
    """The broker that leads most partitions of the events."""
    client = kafka.admin(settings)
    await client.start()
    try:
        [told] = await client.describe_topics([settings.topic(LEARNING.inputs[0].name)])
    finally:
        await client.close()
    assert all(len(each["replicas"]) == 3 for each in told["partitions"])
    return int(Counter(each["leader"] for each in told["partitions"]).most_common(1)[0][0])


async def test_what_was_acknowledged_outlives_a_broker(cluster: Cluster, installed: Settings) -> None:
    async with under_load(installed) as load:
        for _ in range(3):
            await load.goes_on(500, GOES_ON)
            victim = await busiest(installed)
            await kill(cluster.brokers[victim])
            await load.goes_on(500, GOES_ON)
            await cluster.brokers[victim].start()
        await load.goes_on(500, GOES_ON)
    await assert_appended(installed, load.acknowledged, once=not load.failures)


async def test_every_part_goes_on_without_a_broker(
    cluster: Cluster, installed: Settings, keeper: Keeper
) -> None:
    await keeper.start(installed, *PARTS)
    async with under_load(installed) as load:
        await load.goes_on(300, GOES_ON)
        await kill(cluster.brokers[await busiest(installed)])
        await load.goes_on(300, GOES_ON)
    await until_caught_up(installed, CAUGHT_UP)
    await assert_appended(installed, load.acknowledged, once=not load.failures)
    await assert_decided_once(installed)
    await keeper.stop()
    await assert_shown_as_rebuilt(installed)
