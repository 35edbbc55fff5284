"""How far every part has come, as people and programs are told."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiokafka import TopicPartition

from cli.standing import observers
from runtime import kafka, postgres
from runtime.closing import connected
from runtime.registry import register
from runtime.settings import Settings
from schemas.generation import FIRST, Generation, Registered, Transformation
from schemas.learning import ItemReleased
from schemas.topics import DOMAINS, LEARNING
from streams.enrichment.inputs import group_of
from tests.cli.conftest import Stage
from tests.cli.running import relearn

RELEASED = ItemReleased(shop_id=7, item_id=UUID(int=1), reviewer_id=UUID(int=2), why="released")
STOP = """
UPDATE learning.positions SET stopped_offset = next_offset, stopped_reason = 'cannot be applied'
 WHERE partition = $1
"""


@pytest.fixture
async def halfway(stage: Stage) -> Stage:
    """Two reviews are appended, one of them is enriched and decided, and of three records two are shown."""
    words = ("queue", "release", "--shop", "7", "--reviewer", str(UUID(int=2)), "--no-wait", str(UUID(int=1)))
    for _ in range(2):
        await relearn(*words, env=stage.settings.environment())
    await stage.decide(RELEASED)
    await stage.show(short_of=1)
    tp = TopicPartition(stage.settings.topic(LEARNING.control), stage.partition)
    async with kafka.consumer(stage.settings, group_id=group_of(stage.settings, LEARNING)) as enricher:
        enricher.assign([tp])
        await enricher.commit({tp: 1})
    return stage


def row_of(found: Any, part: str, topic: str, partition: int) -> Any:
    (row,) = (
        row
        for row in found["parts"]
        if (row["part"], row["topic"], row["partition"]) == (part, topic, partition)
    )
    return row


async def test_a_program_is_told_how_far_each_part_is(halfway: Stage) -> None:
    result = await relearn("status", "--json", env=halfway.settings.environment())
    assert result.exit_code == 0, result.output
    found, at = orjson.loads(result.stdout), halfway.partition
    ends = {(row["topic"], row["partition"]): row["end"] for row in found["topics"]}
    assert ends["learning.reviews", at] == 2
    assert ends["learning.events", at] == 0
    assert sum(end > 0 for end in ends.values()) == 2, "the reviews and the log"
    enricher = row_of(found, "enricher", "learning.reviews", at)
    assert (enricher["at"], enricher["end"], enricher["lag"], enricher["age_seconds"]) == (1, 2, 1, None)
    decider = row_of(found, "decider", "learning.enriched", at)
    assert decider["at"] == 3
    assert decider["age_seconds"] > 1_000_000, "the records say that they are of 1970"
    projection = row_of(found, "projection", "learning.decisions", at)
    assert (projection["at"], projection["end"], projection["lag"]) == (2, 3, 1)
    assert 0 <= projection["age_seconds"] < 60
    assert len(found["parts"]) == 4 * 4 * len(DOMAINS)
    assert found["dead_letters"] == 0


async def test_people_are_told_too_and_why_a_part_is_stopped(halfway: Stage) -> None:
    async with await postgres.create_pool(halfway.settings, "learning", max_size=1) as pool:
        await pool.execute(STOP, halfway.partition)
    result = await relearn("status", env=halfway.settings.environment())
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert f"learning.reviews {halfway.partition} 2" in lines
    assert f"enricher learning.reviews {halfway.partition} 1 2 1 -" in lines
    (shown,) = (
        line for line in lines if line.startswith(f"projection learning.decisions {halfway.partition}")
    )
    assert " 2 3 1 " in shown
    assert shown.endswith(" s ago")
    words = " ".join(lines)
    assert f"projection of learning.decisions[{halfway.partition}] is stopped: cannot be applied" in words
    assert lines[-1] == "0 dead letters"


async def test_waiting_ends_in_time_and_says_where_to_look(halfway: Stage) -> None:
    result = await relearn("status", "--wait", "--timeout", "1", env=halfway.settings.environment())
    assert result.exit_code == 1
    assert result.stderr == (
        "relearn: not caught up within 1 s: `relearn status` tells which part is behind\n"
    )


async def test_waiting_ends_when_all_is_shown(halfway: Stage) -> None:
    command = asyncio.create_task(relearn("status", "--wait", "--json", env=halfway.settings.environment()))
    await halfway.decide(RELEASED)
    await halfway.show()
    result = await command
    assert result.exit_code == 0, result.output
    projection = row_of(orjson.loads(result.stdout), "projection", "learning.decisions", halfway.partition)
    assert projection["lag"] == 0


async def test_without_topics_it_says_what_to_run(settings: Settings) -> None:
    result = await relearn("status", env=settings.environment())
    assert result.exit_code == 1
    assert "does not exist: run `relearn topics create`" in result.stderr


async def test_tables_of_an_older_version_are_told(halfway: Stage) -> None:
    async with await postgres.create_pool(halfway.settings, "learning", max_size=1) as pool:
        await pool.execute("UPDATE projection SET version = 0")
    result = await relearn("status", env=halfway.settings.environment())
    words = " ".join(result.stdout.split())
    assert "the tables of learning are of an older version: run `relearn rebuild --domain learning`" in words
    found = orjson.loads((await relearn("status", "--json", env=halfway.settings.environment())).stdout)
    assert found["outdated"] == ["learning"]


async def test_domains_are_waited_for_side_by_side(stage: Stage) -> None:
    """Each looks into inputs that are not decided yet, again and again, and none keeps another from reading."""
    settings = stage.settings
    async with connected(kafka.producer(settings)) as producer:
        for domain in DOMAINS.values():
            await producer.send_and_wait(settings.topic(domain.inputs[0].name), b"rubbish", partition=0)
    async with observers(settings) as each, asyncio.timeout(60):
        for _ in range(20):
            looks = (one._is_anything(one.topics.inputs[0].name, 0, 0, 1) for one in each)
            assert all(await asyncio.gather(*looks))


async def test_generations_are_told(halfway: Stage) -> None:
    first = Generation(number=FIRST, model="all-MiniLM-L6-v2", partitions=4)
    second = first.model_copy(update={"number": 2, "transformation": Transformation(kind="erased", of=1)})
    told = {"domain": LEARNING.name, "current": 1, "generations": (first, second)}
    env = halfway.settings.environment()
    found = orjson.loads((await relearn("status", "--json", env=env)).stdout)
    assert {(row["domain"], row["generation"], row["is"]) for row in found["generations"]} == {
        (domain, 1, "current") for domain in DOMAINS
    }
    for more, phase in (({}, "made"), ({"phase": "adopting", "next": 2}, "adopting")):
        await register(halfway.settings, Registered.model_validate(told | more))
        words = (await relearn("status", env=env)).stdout
        lines = [" ".join(line.split()) for line in words.splitlines()]
        assert {"learning 1 current", f"learning 2 {phase}", "executions 1 current"} <= set(lines)
