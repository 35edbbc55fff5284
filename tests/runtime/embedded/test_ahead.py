"""A JVM's cache: written whole by one, used by all after it, and no harm if it is rubbish."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runtime.embedded.ahead import TRAINING, AheadOfTime
from runtime.embedded.kafka import EmbeddedKafka

NOBODY = 2**22 + 1
"""More than any pid."""


@pytest.fixture
def java(tmp_path: Path) -> Path:
    java = tmp_path / "java"
    java.touch()
    return java


def learned(options: object) -> Path:
    (option,) = options  # type: ignore[misc]
    name, _, path = option.partition("=")
    assert name == "-XX:AOTCacheOutput"
    return Path(path)


def test_the_first_learns_and_all_after_it_use_what_it_learned(java: Path, tmp_path: Path) -> None:
    first, other = (AheadOfTime(java, "a.jar", tmp_path / "caches") for _ in range(2))
    assert first.options() == []
    written = learned(first.options(learns=True))
    assert other.options(learns=True) == []
    assert (first.learning, other.learning) == (True, False)
    written.write_bytes(b"classes")
    first.ended(by_itself=True)
    (option,) = other.options(learns=True)
    name, _, path = option.partition("=")
    assert (name, Path(path).read_bytes()) == ("-XX:AOTCache", b"classes")
    assert AheadOfTime(java, "b.jar", tmp_path / "caches").options() == []


def test_what_a_killed_one_wrote_is_not_used(java: Path, tmp_path: Path) -> None:
    ahead = AheadOfTime(java, "a.jar", tmp_path)
    learned(ahead.options(learns=True)).write_bytes(b"half of the cla")
    ahead.ended(by_itself=False)
    assert ahead.options() == []
    assert learned(ahead.options(learns=True)).stat().st_size == 0


@pytest.mark.parametrize("end", ["", ".config"])
def test_who_died_while_learning_has_lost_his_turn(java: Path, tmp_path: Path, end: str) -> None:
    ahead = AheadOfTime(java, "a.jar", tmp_path)
    name = learned(ahead.options(learns=True)).name
    ahead.ended(by_itself=False)
    dead = tmp_path / f"{name.rpartition(TRAINING)[0]}{TRAINING}{NOBODY}{end}"
    dead.touch()
    assert learned(ahead.options(learns=True))
    assert not dead.exists()


def test_a_home_that_cannot_be_written_to_does_no_harm(java: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ahead = AheadOfTime(java, "a.jar", tmp_path / "file" / "caches")
    assert ahead.options(learns=True) == []


@pytest.mark.slow
async def test_a_broker_learns_and_others_start_with_it_or_with_rubbish(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "caches"))
    for number in range(2):
        broker = EmbeddedKafka(folder / str(number))
        await broker.start()
        used = Path(f"/proc/{broker.pid}/cmdline").read_bytes()
        assert (b"AOTCacheOutput=" in used, b"AOTCache=" in used) == (number == 0, number == 1)
        await broker.stop()
    (cache,) = (folder / "caches" / "relearn").iterdir()
    assert not cache.name.rpartition(".")[2].startswith("training")
    os.truncate(cache, cache.stat().st_size // 2)
    for content in (cache.read_bytes(), b"rubbish"):
        cache.write_bytes(content)
        broker = EmbeddedKafka(folder / f"rubbish-{len(content)}")
        await broker.start()
        await broker.stop()
