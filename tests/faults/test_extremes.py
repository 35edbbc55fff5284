"""No event that is accepted as valid says anything that the tables refuse."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from projections.writer import Entry
from schemas.event import PartitionData
from schemas.outcome import DeadLettered
from schemas.topics import LEARNING
from tests.faults.line import Line, Sent, is_decided
from tests.faults.said import events, largest
from tests.faults.test_fuzz import HOME, of
from tests.projections.conftest import empty_tables, new_writer
from tests.projections.learning_log import DIMENSIONS, MODEL
from tests.streams.enrichment.inputs import NOW_MS, LetterCounts, at

OFTEN = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


class AsWideAsTheTables(LetterCounts):
    model = MODEL

    @staticmethod
    def vector(text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        return np.resize(LetterCounts.vector(text), DIMENSIONS) / np.float32(np.sqrt(DIMENSIONS / 8))


def line() -> Line:
    return Line(HOME, AsWideAsTheTables())


async def show(server: str, template: str, entries: Iterable[Entry]) -> None:
    """Writes these into empty tables; whatever is refused is raised."""
    async with empty_tables(server, template) as pool:
        writer = new_writer(pool)
        await writer.apply(HOME, await writer.position(HOME), list(entries))


def extreme(kind: str, **attributes: Any) -> Sent:
    """The largest event of this type."""
    said = {
        "specversion": "1.0",
        "id": "ffffffff-ffff-4fff-bfff-fffffffffff0",
        "source": "好" * 2000,
        "subject": "🙂" * 2000,
        "type": kind,
        "time": at(NOW_MS),
        "data": largest(kind),
    }
    if issubclass(LEARNING.types[kind], PartitionData):
        said["data"]["partition"] = HOME
        return of(said | attributes)
    return of(said | {"shopid": 7} | attributes, b"7")


@pytest.mark.parametrize("kind", sorted(LEARNING.types))
def test_the_largest_event_of_a_type_is_shown_or_told_why_not(
    kind: str, postgres: str, template: str
) -> None:
    shown = line()
    (record,) = shown.send(extreme(kind))
    if not is_decided(record):
        (letter,) = record.outcomes
        assert isinstance(letter, DeadLettered)
        assert letter.reason.startswith(("data.", "data:")), "some of its fields together mean nothing"
    asyncio.run(show(postgres, template, shown.entries))


@pytest.mark.parametrize("time", ["2016-11-23T00:00:00+14:00", "2026-05-04T12:04:59Z"])
def test_the_oldest_and_the_latest_event_are_shown(time: str, postgres: str, template: str) -> None:
    shown = line()
    records = shown.send(*(extreme(kind, time=time) for kind in LEARNING.types))
    assert len(records) == len(LEARNING.types)
    asyncio.run(show(postgres, template, shown.entries))


def shows(sent: list[Sent], server: str, template: str) -> None:
    shown = line()
    shown.send(*sent)
    asyncio.run(show(server, template, shown.entries))


AT_HOME = st.lists(
    events().map(lambda said: of(said | ({"shopid": 7} if "shopid" in said else {}))), min_size=5, max_size=40
)


@given(sent=AT_HOME)
@settings(max_examples=5, deadline=None, suppress_health_check=OFTEN)
def test_whatever_an_event_may_say_is_shown(sent: list[Sent], postgres: str, template: str) -> None:
    shows(sent, postgres, template)


@pytest.mark.slow
@pytest.mark.timeout(900)
@given(sent=AT_HOME)
@settings(max_examples=500, deadline=None, suppress_health_check=OFTEN)
def test_very_many_events_are_shown(sent: list[Sent], postgres: str, template: str) -> None:
    shows(sent, postgres, template)
