"""The broker and Postgres are killed under load: every input is decided once and shown."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import pytest

from cli.servers import Server
from cli.status import until_caught_up
from cli.tree import Layout, grown
from cli.up import until_ready
from runtime.clock import SystemClock
from runtime.embedded.kafka import EmbeddedKafka
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.settings import Settings
from tests.faults.decided import assert_appended, assert_decided_once, assert_shown_as_rebuilt
from tests.faults.house import PARTS, House
from tests.faults.load import Load, under_load

CAUGHT_UP = 180.0
PRODUCES = 90.0
"""Longer than a producer takes to give up an event, and the next one to find the broker."""


async def assert_whole(settings: Settings, load: Load) -> None:
    """Nothing that was acknowledged is missing anywhere, and nothing stands anywhere twice."""
    await until_caught_up(settings, CAUGHT_UP)
    await assert_appended(settings, load.acknowledged, once=not load.failures)
    await assert_decided_once(settings)


async def assert_house_whole(house: House, load: Load) -> None:
    """Also the tables; the projector that fills others for comparison must be alone in its group."""
    await assert_whole(house.settings, load)
    await house.keeper.stop()
    await assert_shown_as_rebuilt(house.settings)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_both_servers_die_under_load(house: House) -> None:
    settings = await house.start(*PARTS)
    async with under_load(settings) as load:
        await load.goes_on(100, PRODUCES)
        await until_caught_up(settings, CAUGHT_UP)
        await house.outage(house.kafka, house.postgres, seconds=0)
        await load.goes_on(100, PRODUCES)
    await assert_house_whole(house, load)


@pytest.mark.slow
@pytest.mark.timeout(1800)
async def test_servers_die_again_and_again(house: House, chance: random.Random) -> None:
    settings = await house.start(*PARTS)
    each: list[tuple[EmbeddedKafka | EmbeddedPostgres, ...]]
    each = [(house.kafka,), (house.postgres,), (house.kafka, house.postgres)]
    async with under_load(settings) as load:
        for servers in each + chance.choices(each, k=6):
            await load.goes_on(chance.randrange(50, 300), PRODUCES)
            await house.outage(*servers, seconds=chance.uniform(0, 10))
        await load.goes_on(100, PRODUCES)
    await assert_house_whole(house, load)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_an_outage_longer_than_any_patience_ends_parts_that_begin_anew(house: House) -> None:
    settings = await house.start(*PARTS)
    async with under_load(settings) as load:
        await load.goes_on(100, PRODUCES)
        await house.outage(house.postgres, seconds=60)
        await load.goes_on(100, PRODUCES)
        assert any(words.startswith("projector ended") for words in house.keeper.crashes)
        await house.outage(house.kafka, seconds=60)
        await load.goes_on(100, PRODUCES)
    await assert_house_whole(house, load)


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_a_tree_starts_its_servers_again(folder: Path) -> None:
    told: list[str] = []
    async with grown(Layout(folder, parts=PARTS), SystemClock(), told.append) as tree:
        await until_ready(tree)
        servers = tree._servers._all
        async with under_load(tree.settings) as load:
            for names in (["kafka"], ["postgres"], ["kafka", "postgres"]):
                await load.goes_on(100, PRODUCES)
                await _until_killed_and_back([servers[name] for name in names])
            await load.goes_on(100, PRODUCES)
        for name in ("kafka", "postgres"):
            assert told.count(f"{name} runs again") == 2
        await assert_whole(tree.settings, load)
        async with tree.without("projector"):
            await assert_shown_as_rebuilt(tree.settings)


async def _until_killed_and_back(servers: list[Server]) -> None:
    """Kills servers, and waits until the tree has started others in their place."""
    killed = [server.pid for server in servers]
    for pid in killed:
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    async with asyncio.timeout(120):
        while any(server.pid in (None, pid) for server, pid in zip(servers, killed, strict=True)):
            await asyncio.sleep(0.05)
