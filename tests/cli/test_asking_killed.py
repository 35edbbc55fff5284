"""Commands that ask for something, killed at any moment: tables are what is decided, and asking again brings it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from cli.status import until_caught_up
from cli.toml import to_toml
from runtime import kafka
from runtime.postgres import connect
from runtime.settings import Settings
from schemas.policy import LearningPolicy, content, policy_hash
from schemas.topics import DOMAINS, LEARNING, every_topic
from tests.cli.killed import killed
from tests.cli.running import relearn
from tests.faults.watched import ENRICHER, watched
from tests.streams.enrichment.inputs import SERVED, event, now

SECONDS, PATIENCE = 60.0, 120.0
LEARN = ("--domain", LEARNING.name)
ERASED = "[erased]"


@pytest.fixture
async def at_work(settings: Settings, tmp_path: Path) -> AsyncIterator[Settings]:
    await kafka.create_topics(settings, every_topic())
    async with AsyncExitStack() as stack:
        for words in ((*ENRICHER, *DOMAINS), ("decider",), ("projector",)):
            await stack.enter_async_context(watched(settings, tmp_path, *words))
        yield settings


async def serve(settings: Settings, talk: str, words: str, key: bytes = b"7") -> None:
    """With another key than the shop's it is dead, until somebody sends it again."""
    data = {"conversation_id": talk, "response_text": words, "response_type": "hours"}
    value = orjson.dumps(event(SERVED, 7, data, time=now()))
    async with kafka.producer(settings) as producer:
        topic = settings.topic(LEARNING.inputs[0].name)
        await producer.send_and_wait(topic, value, key=key)


async def rows(settings: Settings, query: str) -> list[Any]:
    conn = await connect(settings, LEARNING.name)
    try:
        return [row[0] for row in await conn.fetch(query)]
    finally:
        await conn.close()


async def told(settings: Settings, *words: str) -> Any:
    done = await relearn(*words, "--json", env=settings.environment())
    assert done.exit_code == 0, done.output
    return orjson.loads(done.stdout)


@pytest.mark.timeout(400)
async def test_who_asks_again_gets_it_once(at_work: Settings, chance: random.Random, tmp_path: Path) -> None:
    talk, policy = str(uuid4()), LearningPolicy(similarity_threshold=0.9)
    file = tmp_path / "policy.toml"
    file.write_text(to_toml(content(policy)))
    await serve(at_work, talk, "Ann, at ten.")
    await serve(at_work, str(uuid4()), "At noon.", key=b"8")
    await until_caught_up(at_work, SECONDS)
    for words in (
        ("erase", "--shop", "7", "--conversation", talk, "--reason", "asked"),
        ("policy", "adopt", str(file), *LEARN),
        ("dead-letters", "retry", "--all"),
    ):
        for after in (chance.uniform(0.5, 2.0), chance.uniform(2.0, 5.0), PATIENCE):
            was_killed = await killed(at_work, *words, after=after)
            await until_caught_up(at_work, SECONDS)
            verified = await told(at_work, "verify", *LEARN)
            assert not any(each["different"] for each in verified[LEARNING.name]), (words, after)
        assert not was_killed, words

    said = await rows(at_work, "SELECT response_text FROM response_analytics ORDER BY 1")
    assert said == sorted(["At noon.", ERASED])
    assert {each["hash"] for each in await told(at_work, "policy", "show")} == {policy_hash(policy)}
    (letter,) = await told(at_work, "dead-letters", "list", "--all")
    assert letter["state"] == "decided"
    assert await rows(at_work, "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'learning_%'") == []
