"""Root's server reaches its data and its programs, and no folder but its own is opened for that."""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from runtime.embedded import shelter
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.process import as_user

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root's server has another user")

USER = "nobody"


@pytest.fixture
def closed() -> Iterator[Path]:
    """A folder like root's home: nobody else may enter."""
    with tempfile.TemporaryDirectory(prefix="relearn-") as folder:
        yield Path(folder)


@pytest.fixture
def place() -> Iterator[Path]:
    """A shelter for this test alone."""
    with tempfile.TemporaryDirectory(prefix="relearn-") as folder:
        yield Path(folder)


def mode(folder: Path) -> int:
    return stat.S_IMODE(folder.stat().st_mode)


async def test_a_server_behind_a_closed_folder_keeps_its_data_and_the_folder_closed(
    closed: Path, place: Path
) -> None:
    own = closed / "tree"
    above = {folder: mode(folder) for folder in (closed, *closed.parents)}
    server = EmbeddedPostgres(own / "postgres", own=own, sheltered=place)
    for question in ("CREATE TABLE kept AS SELECT '[1,2]'::vector AS one", "SELECT one::text FROM kept"):
        conn = await asyncpg.connect(await server.start())
        found = await conn.fetchval(question)
        await conn.close()
        await server.stop()
    assert found == "[1,2]"
    assert [(own / "postgres" / "data").resolve().parent] == list(place.iterdir())
    assert {folder: mode(folder) for folder in above} == above


def test_own_folders_are_opened_for_entering_alone(closed: Path, place: Path) -> None:
    data = closed / "postgres" / "data"
    assert shelter.data_folder(data, closed, USER, place) == data
    assert data.owner() == USER
    assert mode(closed) == 0o701
    assert list(place.iterdir()) == []


def test_folders_that_can_be_entered_stay_as_they_are(closed: Path, place: Path) -> None:
    closed.chmod(0o755)
    (closed / "postgres").mkdir(mode=0o755)
    shelter.data_folder(closed / "postgres" / "data", closed, USER, place)
    assert (mode(closed), mode(closed / "postgres")) == (0o755, 0o755)


def test_data_that_was_within_reach_moves_with_its_owner(closed: Path, place: Path) -> None:
    own = closed / "tree"
    (own / "data").mkdir(parents=True)
    (own / "data" / "PG_VERSION").write_text("18")
    where = shelter.data_folder(own / "data", own, USER, place)
    assert (where / "PG_VERSION").read_text() == "18"
    assert (where / "PG_VERSION").owner() == where.parent.owner() == USER
    assert shelter.data_folder(own / "data", own, USER, place) == where


def test_a_new_tree_does_not_find_the_data_of_one_thrown_away(closed: Path, place: Path) -> None:
    own = closed / "tree"
    where = shelter.data_folder(own / "data", own, USER, place)
    other = shelter.data_folder(own / "other", own, USER, place)
    (own / "data").unlink()
    assert shelter.data_folder(own / "data", own, USER, place) != where
    assert (where.exists(), other.exists()) == (False, True)
    (own / "data").resolve().rmdir()
    assert shelter.data_folder(own / "data", own, USER, place).is_dir()


def test_programs_behind_a_closed_folder_are_copied_once(closed: Path, place: Path) -> None:
    programs = closed / "site" / shelter.PACKAGE / "pginstall" / "bin"
    programs.mkdir(parents=True)
    (programs / "postgres").write_text("#!/bin/sh\necho here\n")
    (programs / "postgres").chmod(0o700)
    copy = shelter.programs(programs, USER, place)
    assert copy.is_relative_to(place)
    told = subprocess.run([copy / "postgres"], **as_user(USER), cwd="/", capture_output=True, check=True)
    assert told.stdout == b"here\n"
    assert shelter.programs(programs, USER, place) == copy
    assert shelter.programs(copy, USER, closed) == copy
    assert len(list(place.iterdir())) == 1
