"""What the tests do with a real broker: append inputs, read what was enriched, run a worker to be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka import TopicPartition
from aiokafka.admin import RecordsToDelete

from runtime import kafka
from runtime.settings import Settings
from schemas.enriched import Absent, Input, decode
from schemas.topics import LEARNING

Enriched = dict[tuple[str, int], list[Input]]
ROOT = Path(__file__).parents[3]


async def append(settings: Settings, inputs: Sequence[tuple[str, bytes | None, bytes | None, int]]) -> None:
    """Appends (topic, key, value, partition), in order."""
    client = kafka.producer(settings, linger_ms=5)
    await client.start()
    try:
        sent = [
            await client.send(settings.topic(topic), value, key=key, partition=partition)
            for topic, key, value, partition in inputs
        ]
        await asyncio.gather(*sent)
    finally:
        await client.stop()


async def commit(settings: Settings, group: str, topic: str, partition: int, offset: int) -> None:
    """Commits for a group that has no members."""
    client = kafka.consumer(settings, group_id=group)
    await client.start()
    try:
        place = TopicPartition(settings.topic(topic), partition)
        client.assign([place])
        await client.commit({place: offset})
    finally:
        await client.stop()


async def delete_before(settings: Settings, topic: str, partition: int, offset: int) -> None:
    """What retention does."""
    client = kafka.admin(settings)
    await client.start()
    try:
        place = TopicPartition(settings.topic(topic), partition)
        await client.delete_records({place: RecordsToDelete(before_offset=offset)})
    finally:
        await client.close()


async def ends(settings: Settings) -> dict[tuple[str, int], int]:
    """Where each partition of each input topic ends."""
    client = kafka.consumer(settings)
    await client.start()
    try:
        names = {settings.topic(t.name): t.name for t in LEARNING.inputs}
        places = [TopicPartition(name, p) for name in names for p in range(settings.partitions)]
        return {
            (names[at.topic], at.partition): end for at, end in (await client.end_offsets(places)).items()
        }
    finally:
        await client.stop()


async def read_until(settings: Settings, enough: Callable[[Enriched], bool], seconds: float = 60) -> Enriched:
    """What was enriched, by input topic and partition, until it is enough."""
    client = kafka.consumer(settings, settings.topic(LEARNING.enriched.name))
    await client.start()
    found: Enriched = defaultdict(list)
    try:
        async with asyncio.timeout(seconds):
            while not enough(found):
                for place, records in (await client.getmany(timeout_ms=200)).items():
                    for record in records:
                        message, _ = decode(record.value)
                        assert message.input.partition == place.partition
                        found[message.input.topic, message.input.partition].append(message)
    finally:
        await client.stop()
    return found


def first_occurrences(messages: Sequence[Input]) -> list[Input]:
    """What a decider takes: each offset once, in order, without a gap; what runs ahead is dropped."""
    expected, taken = 0, []
    for message in messages:
        last = message.last if isinstance(message, Absent) else message.input.offset
        if message.input.offset <= expected <= last:
            taken.append(message)
            expected = last + 1
    return taken


def reach(messages: Sequence[Input]) -> int:
    """The next offset that a decider would wait for."""
    taken = first_occurrences(messages)
    if not taken:
        return 0
    return (taken[-1].last if isinstance(taken[-1], Absent) else taken[-1].input.offset) + 1


def complete(settings: Settings, goal: dict[tuple[str, int], int]) -> Callable[[Enriched], bool]:
    return lambda found: all(reach(found.get(at, [])) >= end for at, end in goal.items())


@contextmanager
def worker(settings: Settings, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """An enricher in a process of its own."""
    with log.open("ab") as out:
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.streams.enrichment.child"],
            cwd=ROOT,
            env={**os.environ, **settings.environment()},
            stdout=out,
            stderr=out,
        )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGKILL)
        child.wait()


def stop(child: subprocess.Popen[Any]) -> tuple[int, float]:
    """Asks it to end; its status, and the seconds it took."""
    began = time.monotonic()
    child.send_signal(signal.SIGTERM)
    return child.wait(timeout=30), time.monotonic() - began
