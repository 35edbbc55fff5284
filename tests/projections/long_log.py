"""A log that is long enough for several processes, and what is known of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from projections.building import WORTH_PROCESSES
from runtime import kafka
from runtime.process import command_line
from runtime.settings import Settings
from tests.projections.learning_log import Log
from tests.projections.test_engine import logs_of, make_log

PARTITIONS = 4
RESPONSES = WORTH_PROCESSES // PARTITIONS + 500
"""In each partition."""


@lru_cache
def long_log() -> list[Log]:
    """Nobody appends to it: it is the same for all tests."""
    return logs_of(PARTITIONS, RESPONSES)


async def write_long_log(settings: Settings, last: Sequence[tuple[int, bytes]] = ()) -> None:
    """Writes it; `last`: what stands at the end of which partition."""
    await make_log(settings, partitions=PARTITIONS)
    await asyncio.gather(*(_write(settings, log, last) for log in long_log()))


async def _write(settings: Settings, log: Log, last: Sequence[tuple[int, bytes]]) -> None:
    values = [entry.value for entry in log.entries]
    values += [value for partition, value in last if partition == log.partition]
    topic, id = settings.topic("learning.decisions"), f"{settings.topic_prefix}{log.partition}"
    async with kafka.producer(settings, transactional_id=id) as producer, producer.transaction():
        await asyncio.gather(
            *[await producer.send(topic, value, partition=log.partition) for value in values]
        )


def loaders(parent: int | None = None) -> list[int]:
    """The processes that load for this one, or for another."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            told = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        pid, is_child = int(stat.parent.name), int(told[1]) == (parent or os.getpid())
        if is_child and told[0] != "Z" and "projections.loader" in (command_line(pid) or ""):
            found.append(pid)
    return found


def are_there(pids: Sequence[int]) -> bool:
    """Whether any of these loads still."""
    return any("projections.loader" in (command_line(pid) or "") for pid in pids)
