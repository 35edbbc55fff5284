"""Producing: good lines reach their topic with the registry's key, bad ones a file that says why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from typer.testing import CliRunner

from cli.main import app
from runtime import kafka
from runtime.appender import every_type
from runtime.kafka import create_topics
from runtime.settings import Settings
from schemas.codec import decode
from schemas.examples import example_of
from schemas.topics import every_topic
from tests.cli.running import relearn

NOW = datetime.now(UTC)


def line(event_type: str, **changes: Any) -> bytes:
    return orjson.dumps(example_of(event_type, uuid4(), NOW) | changes)


@pytest.fixture
async def environment(kafka_settings: Settings) -> Mapping[str, str]:
    """Topics on a real broker, and the variables that lead to it."""
    await create_topics(kafka_settings, every_topic())
    return kafka_settings.environment()


async def messages(settings: Settings, topic: str, count: int) -> list[Any]:
    async with kafka.consumer(settings, settings.topic(topic)) as consumer:
        return [await anext(aiter(consumer)) for _ in range(count)]


async def test_good_lines_are_sent_and_bad_ones_are_kept_with_number_and_reason(
    environment: Mapping[str, str], kafka_settings: Settings, tmp_path: Path
) -> None:
    file = tmp_path / "events.jsonl"
    good = line("relearn.feedback.given.v1", shopid=7)
    unknown = orjson.loads(line("relearn.feedback.given.v1"))
    unknown["data"]["mood"] = "bad"
    ahead = line("relearn.feedback.given.v1", time=(NOW + timedelta(hours=1)).isoformat())
    tick = line("relearn.tick.v1", data={"partition": 2})
    nowhere = line("relearn.tick.v1", data={"partition": 99})
    file.write_bytes(
        b"\n".join([good, b"not json", orjson.dumps(unknown), b"", ahead, tick, nowhere]) + b"\n"
    )

    result = await relearn("produce", "--domain", "learning", str(file), env=environment)

    assert result.exit_code == 1
    assert "2 events appended, 4 lines rejected" in result.output
    rejected = [orjson.loads(each) for each in (tmp_path / "events.rejected.jsonl").read_bytes().splitlines()]
    assert [each["line"] for each in rejected] == [2, 3, 5, 7]
    assert [each["reason"].partition(":")[0] for each in rejected] == [
        "not JSON",
        "data.mood",
        "time",
        "data.partition",
    ]
    assert rejected[0]["text"] == "not json"
    (feedback,) = await messages(kafka_settings, "learning.events", 1)
    assert (feedback.key, feedback.value) == (b"7", good)
    (ticked,) = await messages(kafka_settings, "learning.reviews", 1)
    assert (ticked.key, ticked.partition, ticked.value) == (None, 2, tick)


async def test_standard_input_and_json(
    environment: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "stdin.rejected.jsonl").write_text("of an earlier run")
    lines = b"\n".join(line("relearn.response.corrected.v1") for _ in range(20))
    result = await relearn("produce", "-", "--json", env=environment, stdin=lines)
    assert result.exit_code == 0, result.output
    assert orjson.loads(result.stdout) == {"sent": 20, "rejected": 0, "rejected_file": None}
    assert not (tmp_path / "stdin.rejected.jsonl").exists()


def test_a_file_that_is_not_there_is_one_sentence() -> None:
    env = {"RELEARN_KAFKA_BOOTSTRAP_SERVERS": "localhost:1", "RELEARN_DATABASE_URL": "postgresql://nowhere"}
    result = CliRunner().invoke(app, ["produce", "missing.jsonl"], env=env)
    assert result.exit_code == 1
    assert result.stderr == "relearn: there is no file missing.jsonl\n"


@pytest.mark.parametrize("event_type", every_type())
def test_every_example_is_valid_and_new(event_type: str) -> None:
    first, second = (CliRunner().invoke(app, ["produce", "--example", event_type]).stdout for _ in range(2))
    events = [decode(each.encode(), every_type(), strict=True) for each in (first, second)]
    assert events[0].type == event_type
    assert events[0].id != events[1].id


def test_an_unknown_example_names_those_there_are() -> None:
    result = CliRunner().invoke(app, ["produce", "--example", "gossip"])
    assert result.exit_code == 1
    assert "relearn.feedback.given.v1" in result.stderr


async def test_what_several_domains_have_needs_one_that_is_named(
    environment: Mapping[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "ticks.jsonl"
    file.write_bytes(line("relearn.tick.v1", data={"partition": 0}))
    result = await relearn("produce", str(file), env=environment)
    assert result.exit_code == 1
    (rejected,) = (tmp_path / "ticks.rejected.jsonl").read_bytes().splitlines()
    assert "belongs in each of learning.reviews, tasks.control: name the domain" in rejected.decode()


async def test_a_named_domain_is_no_wall(environment: Mapping[str, str], tmp_path: Path) -> None:
    """It only says whose control topic is meant: a file may hold events of every domain."""
    file = tmp_path / "mixed.jsonl"
    example = await relearn("produce", "--example", "relearn.task.routed.v1", env=environment)
    file.write_bytes(line("relearn.tick.v1", data={"partition": 0}) + b"\n" + example.stdout_bytes)
    result = await relearn("produce", "--domain", "learning", str(file), env=environment)
    assert result.exit_code == 0, result.output
