"""Several processes that load: what one would make, and whatever becomes of them, nothing is left behind."""

from __future__ import annotations

import os
import signal

import asyncpg
import pytest

from projections.failures import RecordRefused
from projections.learning.projection import PROJECTION
from projections.rebuild import Rebuild
from projections.spreading import LoaderEnded
from projections.verifying import Verification
from runtime.migration import Migrator
from runtime.settings import Settings
from tests.projections.long_log import PARTITIONS, RESPONSES, loaders, write_long_log
from tests.projections.test_engine import tables

__all__ = ["tables"]

PROCESSES = 3
RECORDS = PARTITIONS * (RESPONSES + 1)


class Progress:
    """What is told of the offsets, and how many processes there were meanwhile."""

    def __init__(self) -> None:
        self.offsets = self.processes = 0

    def __call__(self, count: int) -> None:
        self.offsets += count
        self.processes = max(self.processes, len(loaders()))


def rebuild_of(settings: Settings, parallel: int = PROCESSES) -> Rebuild:
    return Rebuild(settings, PROJECTION, Migrator("learning"), parallel)


async def different(settings: Settings) -> set[str]:
    """The tables that are not what the log says. Unlike any real one, this log has its shop in all partitions."""
    work = Verification(settings, PROJECTION, Migrator("learning"))
    found = await work.run(lambda _: None, lambda _: None)
    return {each.table for each in found if each.different} - {"shops"}


async def test_they_make_what_one_would(settings: Settings, tables: asyncpg.Pool) -> None:
    await write_long_log(settings)
    progress, together = Progress(), rebuild_of(settings)
    assert (await together.run(progress)).records == RECORDS
    assert progress.processes == PROCESSES
    assert progress.offsets == sum((await together.ends()).values())
    assert await tables.fetchval("SELECT count(DISTINCT id) FROM response_analytics") == RECORDS - PARTITIONS
    assert await different(settings) == set()
    assert loaders() == []


async def test_one_alone_starts_none(settings: Settings, tables: asyncpg.Pool) -> None:
    await write_long_log(settings)
    progress, alone = Progress(), rebuild_of(settings, 1)
    assert (await alone.run(progress)).records == RECORDS
    assert (progress.processes, progress.offsets) == (0, sum((await alone.ends()).values()))


async def test_one_that_is_killed_ends_the_work_and_what_is_applied_stays(
    settings: Settings, tables: asyncpg.Pool
) -> None:
    await write_long_log(settings)

    def kill(count: int) -> None:
        if count and (found := loaders()):
            os.kill(found[0], signal.SIGKILL)

    with pytest.raises(ExceptionGroup) as failed:
        await rebuild_of(settings).run(kill)
    (ended,) = failed.value.exceptions
    assert isinstance(ended, LoaderEnded)
    assert str(ended).startswith(
        f"the process that loaded partition {ended.partition} of learning ended with SIGKILL"
    )
    assert loaders() == []
    assert await tables.fetchval("SELECT count(*) FROM response_analytics") == 0
    rebuilt = await rebuild_of(settings).run(lambda _: None)
    assert rebuilt.records == RECORDS
    assert rebuilt.resumed > 0
    assert await different(settings) == set()


async def test_what_cannot_be_applied_is_told_as_if_there_were_one(
    settings: Settings, tables: asyncpg.Pool
) -> None:
    await write_long_log(settings, last=[(2, b"{}")])
    with pytest.raises(ExceptionGroup) as failed:
        await rebuild_of(settings).run(lambda _: None)
    (refused,) = failed.value.exceptions
    assert isinstance(refused, RecordRefused)
    assert (refused.topic, refused.partition, refused.offset) == (PROJECTION.log, 2, RESPONSES + 1)
    assert "projections/writer.py" in "".join(refused.__notes__), "with --debug it is told where"
    assert loaders() == []
    assert await tables.fetchval("SELECT count(*) FROM response_analytics") == 0
