"""A file of events is played as one chapter: the good lines where they belong, the bad ones as they are."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest
from typer.testing import CliRunner

from cli.demo.play import from_file
from cli.main import app
from schemas.examples import example_of

NOW = datetime.now(UTC)


def line(event_type: str, **changes: Any) -> bytes:
    return orjson.dumps(example_of(event_type, uuid4(), NOW) | changes)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A correction, a tick for a partition, nothing, and what cannot be read."""
    file = tmp_path / "some.jsonl"
    correction = line("relearn.response.corrected.v1", shopid=7)
    tick = line("relearn.tick.v1", data={"partition": 2})
    file.write_bytes(b"\n".join([correction, tick, b"", b"not json"]) + b"\n")
    return file


def test_every_line_is_a_message_with_topic_key_and_partition(events: Path) -> None:
    (phase,) = from_file(events)
    assert phase.name == "some.jsonl"
    assert [(m.name, m.topic, m.key, m.partition) for m in phase.messages] == [
        ("line 1", "learning.events", b"7", None),
        ("line 2", "learning.reviews", None, 2),
        ("line 3", "learning.events", None, None),
    ]
    assert [m.value for m in phase.messages] == [*events.read_bytes().splitlines()[:2], b"not json"]
    assert [m.event is None for m in phase.messages] == [False, False, True]
    assert (phase.messages[2].why or "").startswith("not JSON")


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    missing = tmp_path / "missing.jsonl"
    result = CliRunner().invoke(app, ["demo", "--events", str(missing), "--dir", str(tmp_path / "demo")])
    assert result.exit_code == 1
    assert result.stderr == f"relearn: there is no file {missing}\n"
    assert not (tmp_path / "demo").exists()


@pytest.mark.slow
def test_the_demo_plays_them_and_tells_what_came_of_it(events: Path, folder: Path) -> None:
    """With a broker and a database of its own, for that is what the command starts."""
    place = folder / "demo"
    command = [
        sys.executable,
        "-m",
        "cli.main",
        "demo",
        "--events",
        str(events),
        "--dir",
        str(place),
        "--discard",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=110)
    assert done.returncode == 0, done.stderr
    lines = [" ".join(each.split()) for each in done.stdout.splitlines()]
    assert any(each.startswith("1 some.jsonl (3 messages, ") for each in lines)
    assert "owner_corrections 1" in lines
    assert "correction pending 1 80" in lines
    assert "Dead letters: 1" in lines
    assert any(each.startswith("3 events in ") for each in lines)
    assert not place.exists()
