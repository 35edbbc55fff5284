"""Everything is lost but the exported log: tables come back the same, and what is new is decided after it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli.status import until_caught_up
from runtime import kafka, postgres
from runtime.appender import Appender
from runtime.settings import Settings
from schemas.outcome import TopicsReconnected
from schemas.record import RecordCodec
from schemas.topics import LEARNING
from streams.learning.decider import Learning
from tests.cli.running import relearn
from tests.conftest import new_database
from tests.faults.load import create_topics, scenario, send, thumbs
from tests.faults.parts import part
from tests.faults.tables import messages, published, tables

CODEC = RecordCodec(LEARNING.types, Learning.outcomes)
CAUGHT_UP = 200.0

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture
async def old(kafka: str, database: str, tmp_path: Path) -> Settings:
    """The installation that will be lost."""
    return await installed(kafka, database, tmp_path, "old")


@pytest.fixture
async def new(kafka: str, postgres: str, template: str, tmp_path: Path) -> AsyncIterator[Settings]:
    """The one that takes its place: topics and tables are empty."""
    async for url in new_database(postgres, template):
        yield await installed(kafka, url, tmp_path, "new")


async def installed(kafka: str, url: str, folder: Path, name: str) -> Settings:
    settings = Settings(
        kafka_bootstrap_servers=kafka,
        database_url=url,
        topic_prefix=f"{name}-{folder.name}.",
        embedding_cache=folder / "vectors",
    )
    await create_topics(settings)
    return settings


async def command(settings: Settings, *words: str) -> Any:
    done = await relearn("log", *words, "--json", env=settings.environment())
    assert done.exit_code == 0, done.output
    return orjson.loads(done.stdout)


async def live(settings: Settings) -> Mapping[bytes | None, bytes | None]:
    """What a subscriber that reads all of `knowledge.live` knows in the end."""
    said = await published(settings)
    lots = [lot for (topic, _), lot in said.items() if topic == LEARNING.feeds[0].name]
    latest = {key: value for lot in lots for key, value in lot}
    return {key: value for key, value in latest.items() if value is not None}


async def feedbacks(settings: Settings) -> int:
    conn = await postgres.connect(settings, LEARNING.name)
    try:
        return int(await conn.fetchval("SELECT count(*) FROM conversation_feedback"))
    finally:
        await conn.close()


async def test_all_comes_back_from_the_log_alone(old: Settings, new: Settings, tmp_path: Path) -> None:
    backup = str(tmp_path / "backup")
    await send(old, scenario(old))
    async with part("enricher", old), part("decider", old), part("projector", old):
        await until_caught_up(old, CAUGHT_UP)
    exported = await command(old, "export", backup)
    agreed = await command(old, "verify")
    assert [each["records"] for each in agreed] == [each["records"] for each in exported["logs"]]

    await command(new, "import", backup)
    again = await command(new, "export", str(tmp_path / "again"))
    assert [each["chain"] for each in again["logs"]] == [each["chain"] for each in exported["logs"]]
    await command(new, "reconnect", "--yes")
    async with part("projector", new):
        await until_caught_up(new, CAUGHT_UP)
    found, wanted = await tables(new), await tables(old)
    for name, rows in wanted.items():
        if name not in ("learning_audit_log", "positions"):
            assert found[name] == rows, name
    added = [row for row in found["learning_audit_log"] if row not in set(wanted["learning_audit_log"])]
    assert [orjson.loads(row)["action"] for row in added] == ["TopicsReconnected"] * old.partitions
    assert len(found["learning_audit_log"]) == len(wanted["learning_audit_log"]) + old.partitions
    assert await live(new) == await live(old)

    await new_inputs_are_decided(new, await feedbacks(old))
    assert {each["behind"] for each in await command(new, "verify")} == {0}


async def new_inputs_are_decided(new: Settings, known: int) -> None:
    """Once each, though what had been sent to the old installation is sent again in between."""
    async with part("enricher", new), part("decider", new), part("projector", new):
        async with kafka.producer(new) as producer:
            await Appender(producer, new.topic).append(*thumbs(40))
        await send(new, scenario(new)[:40])
        await until_caught_up(new, CAUGHT_UP)
    assert await feedbacks(new) == known + 40
    for number in range(new.partitions):
        records = [CODEC.decode(m.value) for m in await messages(new, LEARNING.log.name, number)]
        assert [record.seq for record in records] == list(range(len(records)))
        since = next(n for n, r in enumerate(records) if _is_new(r))
        for topic in LEARNING.inputs:
            inputs = await messages(new, topic.name, number)
            decided = [r.input.offset for r in records[since:] if r.input and r.input.topic == topic.name]
            assert decided == [m.offset for m in inputs], (topic.name, number)


def _is_new(record: Any) -> bool:
    return any(isinstance(outcome, TopicsReconnected) for outcome in record.outcomes)
