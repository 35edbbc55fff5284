"""Parts die by SIGKILL at every boundary and at any moment: logs and tables are those of an undisturbed run."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord

from cli.status import until_caught_up
from runtime.settings import Settings
from schemas.topics import LEARNING
from tests.conftest import new_database
from tests.faults.decided import assert_decided_once
from tests.faults.load import copy, create_topics, scenario, send
from tests.faults.parts import part, suffers
from tests.faults.tables import messages, positions, published, tables, until_shown

CAUGHT_UP = 120.0
STARTS = {"enricher": 4.0, "decider": 1.5, "projector": 1.5}
"""Seconds that each takes to start, more or less."""


@pytest.fixture
async def calm(kafka: str, postgres: str, template: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """An installation in which nothing happens."""
    async for url in new_database(postgres, template):
        settings = Settings(
            kafka_bootstrap_servers=kafka,
            database_url=url,
            topic_prefix=f"calm-{tmp_path.name}.",
            embedding_cache=tmp_path / "vectors",
        )
        await create_topics(settings)
        yield settings


@pytest.fixture
async def wild(kafka: str, database: str, tmp_path: Path) -> Settings:
    """An installation in which everything happens."""
    settings = Settings(
        kafka_bootstrap_servers=kafka,
        database_url=database,
        topic_prefix=f"wild-{tmp_path.name}.",
        embedding_cache=tmp_path / "vectors",
        snapshot_dir=tmp_path / "snapshots",
    )
    await create_topics(settings)
    return settings


async def enriched_of(settings: Settings) -> list[ConsumerRecord]:
    """All enriched messages, the partitions taking turns."""
    lots = [await messages(settings, LEARNING.enriched.name, number) for number in range(settings.partitions)]
    return sorted((m for lot in lots for m in lot), key=lambda m: (m.offset, m.partition))


async def undisturbed(calm: Settings) -> list[ConsumerRecord]:
    """Runs the whole scenario through all parts; returns what the enricher wrote."""
    await send(calm, scenario(calm))
    async with part("enricher", calm), part("decider", calm), part("projector", calm):
        await until_caught_up(calm, CAUGHT_UP)
    return await enriched_of(calm)


async def assert_alike(calm: Settings, wild: Settings) -> None:
    assert await published(wild) == await published(calm)
    found, wanted = await tables(wild), await tables(calm)
    for name, rows in wanted.items():
        assert found[name] == rows, name


def rounds_of(messages: list[ConsumerRecord], count: int) -> list[list[ConsumerRecord]]:
    """The messages in their order, as evenly as possible."""
    return [messages[len(messages) * n // count : len(messages) * (n + 1) // count] for n in range(count)]


async def deciders_and_projectors_die(
    calm: Settings, wild: Settings, chance: random.Random, rounds: int
) -> None:
    enriched = await undisturbed(calm)
    for lot in rounds_of(enriched, rounds):
        await copy(wild, lot)
        await suffers("decider", wild, chance, starts=STARTS["decider"])
        async with part("decider", wild):
            await suffers("projector", wild, chance, starts=STARTS["projector"])
    async with part("decider", wild), part("projector", wild):
        await until_shown(wild, await positions(calm))
    await assert_decided_once(calm)
    await assert_alike(calm, wild)


@pytest.mark.timeout(300)
async def test_some_kills_change_nothing(calm: Settings, wild: Settings, chance: random.Random) -> None:
    await deciders_and_projectors_die(calm, wild, chance, 2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_a_hundred_kills_change_nothing(calm: Settings, wild: Settings, chance: random.Random) -> None:
    await deciders_and_projectors_die(calm, wild, chance, 100)


async def enrichers_die(wild: Settings, chance: random.Random, rounds: int) -> None:
    said = scenario(wild)
    for number in range(rounds):
        await send(wild, said[len(said) * number // rounds : len(said) * (number + 1) // rounds])
        await suffers("enricher", wild, chance, starts=STARTS["enricher"])
    async with part("enricher", wild), part("decider", wild), part("projector", wild):
        await until_caught_up(wild, CAUGHT_UP)
    await assert_decided_once(wild)


@pytest.mark.timeout(300)
async def test_enrichers_that_die_leave_nothing_out(wild: Settings, chance: random.Random) -> None:
    await enrichers_die(wild, chance, 2)


@pytest.mark.slow
@pytest.mark.timeout(3600)
async def test_fifty_enrichers_that_die_leave_nothing_out(wild: Settings, chance: random.Random) -> None:
    await enrichers_die(wild, chance, 50)
