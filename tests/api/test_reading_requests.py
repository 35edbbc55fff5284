"""What stands in headers and parameters is read as its standard says, and refused by its name."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

import pytest
from pydantic import TypeAdapter

from api.accepting import LONGEST_WAIT, wait_of
from api.freshness import positions
from api.idempotency import event_id
from api.problems import Problem
from api.rendering import cursor_of, read_cursor

PLACE: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[datetime, UUID])


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ([], None),
        (["respond-async"], None),
        (["wait=2"], 2),
        (["WAIT=2"], 2),
        (["respond-async, wait=5"], 5),
        (["respond-async", "wait=5"], 5),
        (['handling=lenient; foo="bar", wait="7"'], 7),
        (["wait=99999"], LONGEST_WAIT),
        (["await=3"], None),
        (["wait=soon"], None),
    ],
)
def test_how_long_a_caller_would_wait(prefer: list[str], seconds: int | None) -> None:
    assert wait_of(prefer) == seconds


def test_a_key_names_the_event_for_its_caller_alone() -> None:
    assert event_id("ann", "1") == event_id("ann", "1")
    assert len({event_id("ann", "1"), event_id("bob", "1"), event_id("ann", "2"), event_id("ann", None)}) == 4


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb", "é"])
def test_a_key_that_is_none(key: str) -> None:
    with pytest.raises(Problem) as refused:
        event_id("ann", key)
    assert refused.value.errors[0].field == "Idempotency-Key"


def test_a_position_names_next_offsets() -> None:
    assert positions("learning:0=18, learning:3=1,executions:0=5") == {
        "learning": {0: 17, 3: 0},
        "executions": {0: 4},
    }


@pytest.mark.parametrize("said", ["", "18", "learning:0", "learning:0=x", "learning:0=1;learning:1=1"])
def test_a_position_that_is_none(said: str) -> None:
    with pytest.raises(Problem) as refused:
        positions(said)
    assert refused.value.status == HTTPStatus.UNPROCESSABLE_ENTITY


def test_a_cursor_leads_where_it_was_made() -> None:
    at = (datetime(2026, 11, 22, 3, 0, 0, 123456, UTC), UUID(int=7))
    assert read_cursor(cursor_of(at), PLACE) == at


@pytest.mark.parametrize("cursor", ["", "x", "!!!", cursor_of([1, 2]), cursor_of(["now", str(UUID(int=1))])])
def test_a_cursor_that_is_none(cursor: str) -> None:
    with pytest.raises(Problem) as refused:
        read_cursor(cursor, PLACE)
    assert refused.value.errors[0].field == "cursor"
