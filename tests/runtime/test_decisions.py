"""Records of inputs are found, whichever comes first: the record, or the word where its input stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.decisions import Decisions
from schemas.documents import OUTCOMES_OF
from schemas.enriched import Coordinates
from schemas.failures import UnreadableRecord
from schemas.record import Record, RecordCodec
from schemas.topics import LEARNING

CODEC = RecordCodec(LEARNING.types, OUTCOMES_OF[LEARNING.name])


class Log:
    """Gives messages as they are put."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Any] = asyncio.Queue()

    def put(self, offset: int, at: Coordinates) -> None:
        value = CODEC.encode(Record(offset, 1, "p", (), at, enriched_offset=offset, raw=b"x", event=None))
        self.say(offset, value)

    def say(self, offset: int, value: bytes) -> None:
        self._queue.put_nowait(SimpleNamespace(topic="log", partition=0, offset=offset, value=value))

    async def __aiter__(self) -> AsyncIterator[Any]:
        while True:
            yield await self._queue.get()


def at(offset: int) -> Coordinates:
    return Coordinates("learning.events", 0, offset, 1)


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
async def found(log: Log) -> AsyncIterator[Decisions]:
    decisions = Decisions(log, CODEC, kept=2)
    following = asyncio.create_task(decisions.follow())
    yield decisions
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_record_that_comes_later(log: Log, found: Decisions) -> None:
    with found.expecting():
        asking = asyncio.create_task(found.about([at(5), at(4)]))
        await asyncio.sleep(0)
        log.put(10, at(4))
        log.put(12, at(5))
        assert [each.offset for each in await asking] == [12, 10]


async def test_a_record_that_was_there_before_its_input_was_known(log: Log, found: Decisions) -> None:
    with found.expecting():
        log.put(10, at(4))
        log.put(12, at(5))
        asking = asyncio.create_task(found.about([at(6)]))
        log.put(14, at(6))
        await asking
        assert [each.offset for each in await found.about([at(5)])] == [12]


async def test_no_more_is_kept_than_allowed(log: Log, found: Decisions) -> None:
    with found.expecting():
        for offset in range(4):
            log.put(offset, at(offset))
        asking = asyncio.create_task(found.about([at(4)]))
        await asyncio.sleep(0)
        log.put(4, at(4))
        await asking
        assert list(found._kept) == [("learning.events", 0, 2), ("learning.events", 0, 3)]
    assert not found._kept


async def test_two_ask_about_one_input_and_one_gives_up(log: Log, found: Decisions) -> None:
    with found.expecting():
        asking = [asyncio.create_task(found.about([at(1)])) for _ in range(2)]
        await asyncio.sleep(0)
        asking[0].cancel()
        await asyncio.gather(asking[0], return_exceptions=True)
        log.put(3, at(1))
        assert [each.offset for each in await asking[1]] == [3]


async def test_whoever_waits_hears_that_the_log_cannot_be_read(log: Log, found: Decisions) -> None:
    with found.expecting():
        asking = asyncio.create_task(found.about([at(1)]))
        await asyncio.sleep(0)
        log.say(0, b'{"input": {"topic": "learning.events", "partition": 0, "offset": 1}}')
        with pytest.raises(UnreadableRecord):
            await asking
        with pytest.raises(UnreadableRecord):
            await found.about([at(2)])
