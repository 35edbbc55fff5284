"""Whatever has become of a snapshot's file: it is whole and its own, or it is ignored with a word in the log."""

from __future__ import annotations

import hashlib
import pickle
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from structlog.testing import capture_logs

from streams.log import Folded
from streams.partition import Decision, Machine
from streams.snapshot import Snapshots, pickled
from tests.streams.counting import TOPICS, Counting, opening
from tests.streams.scene import MORNING

PARTITION, OFFSET = 2, 7


@pytest.fixture
def snapshots(tmp_path: Path) -> Snapshots[Any]:
    """A folder with one good snapshot."""
    machine = Machine(Counting())
    state = machine.new(PARTITION)
    assert isinstance(machine.open(state, opening(3), MORNING), Decision)
    snapshots = Snapshots(tmp_path, Counting(), TOPICS.log.name)
    snapshots.save(PARTITION, OFFSET, pickled(Folded(state, OFFSET, b"the last record")))
    return snapshots


def why_ignored(snapshots: Snapshots[Any], content: bytes) -> str:
    """What the log says when the file holds this; empty if it was taken."""
    snapshots.path(PARTITION).write_bytes(content)
    with capture_logs() as said:
        if snapshots.load(PARTITION) is not None:
            assert not said
            return ""
    (line,) = said
    assert line["log_level"] == "warning"
    assert line["path"] == str(snapshots.path(PARTITION))
    return str(line["reason"])


def with_header(content: bytes, **said: Any) -> bytes:
    line, _, packed = content.partition(b"\n")
    return orjson.dumps(orjson.loads(line) | said) + b"\n" + packed


def with_state(content: bytes, blocks: bytes) -> bytes:
    """Another state, with a right checksum."""
    line, _, _ = content.partition(b"\n")
    sha256 = hashlib.sha256(b"%d\n" % OFFSET + blocks).hexdigest()
    return with_header(line + b"\n" + blocks, sha256=sha256)


def test_those_of_other_generations_are_deleted(tmp_path: Path, snapshots: Snapshots[Any]) -> None:
    first = TOPICS.log.name
    others = [f"{first}.3-0.snapshot", f"{first}.12-1.snapshot"]
    kept = [
        f"{first}-0.snapshot",
        f"{first}s-0.snapshot",
        f"x.{first}.3-0.snapshot",
        f"{first}.3-0.snapshot.old",
    ]
    for name in (*others, *kept):
        (tmp_path / name).touch()
    snapshots.forget_others(first)
    assert {path.name for path in tmp_path.iterdir()} == {*kept, f"{first}-{PARTITION}.snapshot"}
    Snapshots(tmp_path, Counting(), f"{first}.3").forget_others(first)
    assert not {f"{first}-0.snapshot", f"{first}-{PARTITION}.snapshot"} & {p.name for p in tmp_path.iterdir()}


def test_a_good_one_is_taken(snapshots: Snapshots[Any]) -> None:
    folded = snapshots.load(PARTITION)
    assert folded is not None
    assert (folded.state.seq, folded.offset, folded.value) == (1, OFFSET, b"the last record")
    assert snapshots.load(PARTITION + 1) is None


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"format": 0}, "it is of another format"),
        ({"log": "g2.counting.decisions"}, "it is of another log"),
        ({"code": "0123456789abcdef"}, "it is of another code"),
        ({"python": "2.7.18"}, "it is of another python"),
        ({"numpy": "1.0"}, "it is of another numpy"),
        ({"partition": 1}, "it is of another partition"),
        ({"sha256": "0" * 64}, "its checksum is wrong"),
    ],
)
def test_one_of_another_making_is_ignored(
    snapshots: Snapshots[Any], said: dict[str, Any], reason: str
) -> None:
    assert why_ignored(snapshots, with_header(snapshots.path(PARTITION).read_bytes(), **said)) == reason


def block(content: bytes) -> bytes:
    return len(content).to_bytes(8, "little") + content


@pytest.mark.parametrize(
    "blocks",
    [
        b"",
        b"no block",
        b"\xff" * 8,
        block(b""),
        block(b"no zlib"),
        block(zlib.compress(b"")),
        block(zlib.compress(b"no pickle")),
        block(zlib.compress(pickle.dumps(np.arange(3), 5, buffer_callback=lambda _: None))),
    ],
)
def test_one_that_holds_no_state_is_ignored(snapshots: Snapshots[Any], blocks: bytes) -> None:
    content = with_state(snapshots.path(PARTITION).read_bytes(), blocks)
    assert why_ignored(snapshots, content).startswith("it cannot be read")


def test_a_truncated_or_flipped_one_is_ignored(snapshots: Snapshots[Any]) -> None:
    good = snapshots.path(PARTITION).read_bytes()
    for at in range(len(good)):
        flipped = bytearray(good)
        flipped[at] ^= 1 << at % 8
        assert why_ignored(snapshots, good[:at]), at
        assert why_ignored(snapshots, bytes(flipped)), at


def test_a_file_that_cannot_be_opened_is_ignored(snapshots: Snapshots[Any]) -> None:
    path = snapshots.path(PARTITION)
    path.unlink()
    path.mkdir()
    with capture_logs() as said:
        assert snapshots.load(PARTITION) is None
    assert "Is a directory" in said[0]["reason"]
