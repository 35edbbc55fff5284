"""Offsets that Faust passes over are looked up on the broker: enriched if they are there, else absent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import orjson
import pytest

from runtime import kafka
from runtime.settings import Settings
from schemas.enriched import Absent
from schemas.topics import LEARNING
from streams.enrichment.check import RawInput
from streams.enrichment.gaps import STRETCH, Continuity
from streams.enrichment.inputs import InputReader, TopicsDiffer, group_of
from streams.enrichment.watchdog import PATIENCE_SECONDS, Lag, Stalled, Watchdog
from tests.clock import StoppedClock
from tests.streams.enrichment.broker import append, commit
from tests.streams.enrichment.inputs import raw, served

EVENTS = "learning.events"


@pytest.fixture
async def reader(topics: Settings) -> AsyncIterator[InputReader]:
    reader = InputReader(topics, LEARNING)
    await reader.start()
    yield reader
    await reader.stop()


async def fill_partition(settings: Settings, count: int) -> None:
    await append(settings, [(EVENTS, b"7", orjson.dumps(served()), 1)] * count)


def handed_over(*offsets: int) -> list[RawInput]:
    return [raw(orjson.dumps(served()), partition=1, offset=offset) for offset in offsets]


async def completed(continuity: Continuity, *offsets: int) -> list[int]:
    found = [each async for stretch in continuity.complete(handed_over(*offsets)) for each in stretch]
    assert not any(isinstance(each, Absent) for each in found)
    return [each.offset for each in found if isinstance(each, RawInput)]


async def test_what_was_passed_over_and_exists_is_enriched_after_all(
    topics: Settings, reader: InputReader
) -> None:
    await fill_partition(topics, 2 * STRETCH + 20)
    continuity = Continuity(reader)
    assert await completed(continuity, 3, 4) == [0, 1, 2, 3, 4]
    assert await completed(continuity, 5, 2 * STRETCH + 10) == list(range(5, 2 * STRETCH + 11))
    assert await completed(continuity, 6, 7) == [6, 7]
    assert await completed(continuity, 9) == [8, 9]


async def test_after_a_new_assignment_the_commit_says_where_to_go_on(
    topics: Settings, reader: InputReader
) -> None:
    await fill_partition(topics, 20)
    continuity = Continuity(reader)
    assert await completed(continuity, 0, 1) == [0, 1]
    await commit(topics, group_of(topics, LEARNING), EVENTS, 1, 12)
    continuity.forget()
    assert await completed(continuity, 12, 13) == [12, 13]
    continuity.forget()
    assert await completed(continuity, 15) == [12, 13, 14, 15]


async def test_a_rebalance_during_a_batch_leaves_no_trace_of_it(
    topics: Settings, reader: InputReader
) -> None:
    await fill_partition(topics, 10)
    continuity = Continuity(reader)
    stretches = continuity.complete(handed_over(2, 3))
    await anext(stretches)
    continuity.forget()
    assert len([stretch async for stretch in stretches]) == 1
    assert await continuity.next_of(EVENTS, 1) == 0


class Told:
    def __init__(self) -> None:
        self.lag = Lag(-1, 0.0, 0.0)

    def progressed(self, inputs: int, seconds: float) -> None:
        """Not asked for here."""

    def lagging(self, lag: Lag) -> None:
        self.lag = lag

    def assigned(self) -> None:
        """Not asked for here."""


async def test_inputs_that_wait_while_nothing_moves_are_noticed(
    topics: Settings, reader: InputReader
) -> None:
    told, clock = Told(), StoppedClock()
    watchdog = Watchdog(reader, Continuity(reader), told, clock)
    clock.seconds = 1000.0
    await watchdog.look([(EVENTS, 1)])
    assert told.lag == Lag(0, 0.0, 1000.0)
    await fill_partition(topics, 3)
    clock.seconds += PATIENCE_SECONDS - 1
    await watchdog.look([(EVENTS, 1)])
    assert told.lag == Lag(3, PATIENCE_SECONDS - 1, PATIENCE_SECONDS - 1)
    watchdog.progressed([RawInput(EVENTS, 1, 0, int((clock.seconds - 7) * 1000), None, b"")], clock.seconds)
    await watchdog.look([(EVENTS, 1)])
    assert told.lag == Lag(3, 7.0, 0.0)
    clock.seconds += PATIENCE_SECONDS - 1
    await watchdog.look([(EVENTS, 1)])
    clock.seconds += 2
    with pytest.raises(Stalled, match=r"learning\.events\[1\] has inputs"):
        await watchdog.look([(EVENTS, 1)])


async def test_markers_at_the_end_are_no_inputs_that_wait(topics: Settings, reader: InputReader) -> None:
    client = kafka.producer(topics, transactional_id=topics.topic("foreign"))
    await client.start()
    async with client.transaction():
        await client.send(topics.topic(EVENTS), orjson.dumps(served()), key=b"7", partition=1)
    await client.stop()
    told, clock, continuity = Told(), StoppedClock(), Continuity(reader)
    watchdog = Watchdog(reader, continuity, told, clock)
    assert await completed(continuity, 0) == [0]
    clock.seconds = 10 * PATIENCE_SECONDS
    await watchdog.look([(EVENTS, 1)])
    assert told.lag.inputs == 1


async def test_another_number_of_partitions_is_refused_by_name(topics: Settings, reader: InputReader) -> None:
    await reader.require(LEARNING, 4)
    with pytest.raises(TopicsDiffer, match=r"learning\.events has 4 partitions, not 8"):
        await reader.require(LEARNING, 8)


async def test_the_end_of_an_input_is_known(topics: Settings, reader: InputReader) -> None:
    await fill_partition(topics, 3)
    assert await reader.end(EVENTS, 1) == 3
    assert await reader.committed(EVENTS, 1) == 0
