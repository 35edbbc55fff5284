"""Where a dead letter goes when it is sent again, and whether it would live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from cli.dead_letters.letters import Letter, Letters
from cli.dead_letters.plan import LeftBehind, Planner
from schemas.enriched import Coordinates
from schemas.outcome import DeadLettered
from schemas.record import Record
from schemas.topics import EXECUTIONS, LEARNING
from tests.streams.enrichment.inputs import NOW_MS, PARTITIONS, home, served, tick

NOW = datetime.fromtimestamp(NOW_MS / 1000, UTC)
EVENTS, REVIEWS = (topic.name for topic in LEARNING.inputs)
PLANNER = Planner(LEARNING, PARTITIONS, NOW)
AWAY = (home(7) + 1) % PARTITIONS


def letter(raw: bytes, offset: int = 0, partition: int = AWAY, topic: str = EVENTS) -> Letter:
    letters = Letters(lambda letter: True)
    add(letters, raw, offset, partition, topic)
    return next(iter(letters))


def add(letters: Letters, raw: bytes, offset: int, partition: int = AWAY, topic: str = EVENTS) -> None:
    at = Coordinates(topic, partition, offset, NOW_MS + offset)
    letters.hear(offset, Record(0, NOW_MS, "p", (DeadLettered(reason="x"),), at, raw=raw))


def plan(said: dict[str, Any] | bytes, **where: Any) -> Any:
    raw = said if isinstance(said, bytes) else orjson.dumps(said)
    return PLANNER.plan(letter(raw, **where), raw)


def test_an_event_goes_home_under_its_key() -> None:
    said = served(7)
    found = plan(said)
    assert (found.key, found.partition, found.dies) == (b"7", home(7), None)
    assert found.awaited.conversation == said["data"]["conversation_id"]


def test_a_task_is_kept_in_order_by_its_id() -> None:
    said = orjson.loads(b'{"subject": "t", "data": {"task_id": "t"}}')
    found = letter(orjson.dumps(said), topic=EXECUTIONS.inputs[0].name)
    assert found.seen.key(EXECUTIONS.key) == "t"


@pytest.mark.parametrize("said", [b"", b"{", {"shopid": 7}, served(7) | {"specversion": "0.3"}])
def test_what_cannot_be_read_stays_where_it_is(said: dict[str, Any] | bytes) -> None:
    found = plan(said)
    assert (found.key, found.partition, found.awaited) == (None, AWAY, None)
    assert found.dies


def test_what_concerns_a_partition_goes_there() -> None:
    found = plan(tick(2), partition=1, topic=REVIEWS)
    assert (found.key, found.partition, found.dies) == (None, 2, None)


def test_a_partition_that_does_not_exist_is_told() -> None:
    found = plan(tick(PARTITIONS), partition=1, topic=REVIEWS)
    assert found.partition == 1
    assert found.dies.startswith("data.partition: ")


def test_nothing_changes_its_topic_by_dying() -> None:
    assert "belongs in learning.reviews, not in learning.events" in plan(tick(2)).dies


def test_its_time_is_held_against_now() -> None:
    soon = (NOW + timedelta(minutes=6)).isoformat()
    assert "ahead" in plan(served(7, time=soon)).dies
    later = Planner(LEARNING, PARTITIONS, NOW + timedelta(minutes=2))
    raw = orjson.dumps(served(7, time=soon))
    assert later.plan(letter(raw), raw).dies is None


def test_open_letters_of_the_same_shop_from_before_it_that_stay_behind_are_counted() -> None:
    letters = Letters(lambda letter: True)
    for offset, shop in enumerate((7, 7, 8, 7, 7)):
        add(letters, orjson.dumps(served(shop)), offset)
    first, *_, third, _ = letters
    behind = LeftBehind(letters, [first, third], "shop")
    assert behind.before(PLANNER.plan(third, third.raw)) == 1
    assert behind.before(PLANNER.plan(first, first.raw)) == 0
