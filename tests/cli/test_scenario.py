"""The bundled demo says something of every type, refers to what exists, and its mistakes are mistakes."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID

import orjson
import pytest

from cli.scenario import Message, lines, phases, shops
from cli.scenario.naming import Names
from schemas.codec import decode
from schemas.event import PartitionData
from schemas.failures import InvalidEvent
from schemas.policy import LearningPolicy
from schemas.topics import LEARNING

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
PHASES = phases(NOW)
MESSAGES = [message for phase in PHASES for message in phase.messages]
VALID = [message for message in MESSAGES if message.event is not None]
BAD = [message for message in MESSAGES if message.event is None]
TYPES_IN = {topic.name: {kind.TYPE: kind for kind in topic.types} for topic in LEARNING.inputs}


def named(name: str) -> Message:
    return next(message for message in MESSAGES if message.name == name)


def test_every_type_occurs_but_those_that_mend_and_forget() -> None:
    told = {message.event.type for message in VALID if message.event}
    assert {kind.TYPE for kind in LEARNING.newest.values()} - told == {
        "relearn.dead-letter.discarded.v1",
        "relearn.dead-letter.retried.v1",
        "relearn.subject.erased.v1",
    }


def test_it_is_some_hundreds_of_events_of_three_shops() -> None:
    assert 300 <= len(MESSAGES) <= 450
    counted = Counter(message.event.shop_id for message in VALID if message.event)
    assert counted.keys() == {0, 101, 102, 103}
    assert min(counted[shop.id] for shop in shops().values()) > 60


def test_every_chapter_tells_what_happens_and_what_is_to_be_seen() -> None:
    assert len(PHASES) == 10
    for phase in PHASES:
        assert phase.name
        assert len(phase.story) > 40
        assert "\n" not in phase.story
        assert phase.expectations
        assert phase.messages


def test_valid_events_are_valid_in_their_own_topic() -> None:
    for message in VALID:
        assert decode(message.value, TYPES_IN[message.topic], strict=True) == message.event


def test_keys_and_partitions_are_where_the_registry_wants_them() -> None:
    for message in VALID:
        assert message.event
        if isinstance(message.event.data, PartitionData):
            assert (message.key, message.topic) == (None, LEARNING.control)
            assert message.partition == message.event.data.partition
        else:
            assert message.key == str(message.event.shop_id).encode()
            assert message.partition is None


def test_it_is_the_same_whenever_it_is_told_and_only_the_times_move() -> None:
    later = [m for phase in phases(NOW + timedelta(days=3)) for m in phase.messages]
    assert phases(NOW) == PHASES
    for then, message in zip(later, MESSAGES, strict=True):
        assert (then.name, then.key, then.topic) == (message.name, message.key, message.topic)
        if then.event and message.event:
            assert then.event.id == message.event.id
            assert then.event.time - message.event.time == timedelta(days=3)


def test_times_rise_and_end_before_now_but_for_one_old_conversation() -> None:
    times = [message.event.time for message in {m.name: m for m in VALID}.values() if message.event]
    recent = [time for time in times if time > NOW - timedelta(days=30)]
    assert recent == sorted(recent)
    assert recent[-1] < NOW
    assert len(times) - len(recent) == len([m for m in VALID if m.name.startswith("hotel/long-ago")])


def test_an_event_sent_twice_is_the_same_bytes() -> None:
    counted = Counter(message.name for message in MESSAGES)
    twice = {name for name, times in counted.items() if times == 2}
    assert twice == {"bike/anna/feedback", "bike/review/cargo"}
    for name in twice:
        assert len({message.value for message in MESSAGES if message.name == name}) == 1
    ids = Counter(message.event.id for message in VALID if message.event)
    assert sum(ids.values()) - len(ids) == 2


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bad/not-json", "not JSON"),
        ("bad/a-list", "not a JSON object"),
        ("bad/unknown-type", "type: unknown type"),
        ("bad/unknown-version", "type: unknown version"),
        ("bad/six-stars", "data.rating: "),
        ("bad/no-shop", "shopid: is required"),
        ("bad/nul", "contains the character NUL"),
        ("bad/approval-by-a-service", "type: unknown type 'relearn.item.approved.v1'"),
    ],
)
def test_bad_messages_are_refused(name: str, reason: str) -> None:
    message = named(name)
    with pytest.raises(InvalidEvent) as refused:
        decode(message.value, TYPES_IN[message.topic])
    assert refused.value.reason.startswith(reason)
    assert message.why


def test_the_others_that_are_bad_can_be_read_but_not_be_right() -> None:
    refused = {message.name for message in BAD if not readable(message)}
    assert {message.name for message in BAD} - refused == {"bad/foreign-key", "bad/from-the-future"}
    foreign, future = named("bad/foreign-key"), named("bad/from-the-future")
    assert foreign.key != str(orjson.loads(foreign.value)["shopid"]).encode()
    assert decode(future.value, LEARNING.types).time > NOW + timedelta(minutes=5)


def readable(message: Message) -> bool:
    try:
        decode(message.value, TYPES_IN[message.topic])
    except InvalidEvent:
        return False
    return True


def test_the_policy_is_whole_and_of_the_model_in_force() -> None:
    told = [m for p in phases(NOW, partitions=2, embedding_model="other") for m in p.messages]
    adopted = [orjson.loads(m.value)["data"] for m in told if m.name.startswith("clock/policy")]
    assert [data["partition"] for data in adopted] == [0, 1]
    assert {data["embedding_model"] for data in adopted} == {"other"}
    policy = LearningPolicy.model_validate(adopted[0]["policy"])
    assert policy.auto_approve_at == 95
    assert adopted[0]["policy"].keys() == LearningPolicy.model_fields.keys() - {
        "calibration",
        "two_pairs_of_eyes",
    }


def test_reviews_name_what_earlier_events_make() -> None:
    names = Names(shops())
    made: set[UUID] = set()
    unknown = set()
    for message in VALID:
        data = message.event.data if message.event else None
        for field in ("item_id", "knowledge_id", "source_id"):
            if (asked := getattr(data, field, None)) is not None and asked not in made:
                unknown.add(f"{message.name}: {field}")
        made |= {names.event(message.name), names.item(message.name), names.knowledge(message.name)}
        made |= {
            names.item(f"{message.name.removesuffix('/later/talk').removesuffix('/talk')}#{i}")
            for i in (2, 4)
        }
        if message.name.endswith("review/apply"):
            made |= {names.knowledge(f"{message.name} > {earlier.name}") for earlier in VALID}
    assert unknown == {"hotel/review/unknown: item_id"}


def test_lines_are_the_valid_events() -> None:
    told = list(lines(PHASES))
    assert [line.rstrip(b"\n") for line in told] == [message.value for message in VALID]
    assert all(line.count(b"\n") == 1 for line in told)
