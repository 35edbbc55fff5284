"""Of several things that are wrong with one event, the same one is told every time."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.codec import event_from
from schemas.failures import InvalidEvent
from schemas.task import TaskStarted
from schemas.topics import EXECUTIONS

STARTED: dict[str, Any] = {
    "specversion": "1.0",
    "id": "0197a1a0-0000-7000-8000-000000000001",
    "source": "/pools",
    "type": TaskStarted.TYPE,
    "time": "2026-05-04T12:00:00Z",
    "subject": "t1",
    "data": {"task_id": "t1", "pool_id": "cpu-1", "started_at": "2026-05-04T12:00:00Z"},
}
WRONG: dict[str, Any] = {"data": STARTED["data"] | {"pool_id": ""}}


@pytest.mark.parametrize(
    ("said", "field"),
    [
        (WRONG | {"time": 1, "subject": "t2"}, "time"),
        (WRONG | {"type": "relearn.coffee.made.v1", "id": "1"}, "id"),
        (WRONG | {"type": "relearn.coffee.made.v1"}, "type"),
        (WRONG | {"shopid": 7, "subject": "t2"}, "shopid"),
        (WRONG | {"subject": "t2"}, "subject"),
        ({"data": WRONG["data"] | {"more": 1}}, "data.more"),
        (WRONG, "data.pool_id"),
    ],
)
def test_attributes_are_told_before_the_data(said: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidEvent) as refused:
        event_from(STARTED | said, EXECUTIONS.types, strict=True)
    assert refused.value.field == field


@pytest.mark.parametrize("said", [None, [], "{}", 7, {"type": ["relearn.tick.v1"]}])
def test_what_is_no_event_is_invalid(said: Any) -> None:
    with pytest.raises(InvalidEvent):
        event_from(said, EXECUTIONS.types)
