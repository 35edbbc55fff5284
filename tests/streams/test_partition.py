"""The state machine of one partition: whatever an enricher repeats or skips, the log is the same, and so its fold."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import codec, enriched, outcome
from schemas.control import DeadLetterData, DeadLetterDiscarded, DeadLetterRetried, Place
from schemas.enriched import Absent, Coordinates, Embedded, Enriched, Enrichment, Input, Invalid, Mood, Moved
from schemas.event import Event
from schemas.outcome import DuplicateIgnored, PolicyAdopted, RequestRefused
from schemas.policy import policy_hash
from schemas.record import Record, RecordCodec
from streams import partition
from streams.partition import (
    Decision,
    ForeignModel,
    Hole,
    InputRecreated,
    Machine,
    PartitionState,
    Repeat,
    UnknownEvent,
)
from tests.streams.counting import (
    CONTROL,
    EVENTS,
    MODEL,
    NOON,
    TOPICS,
    Counting,
    CountingPolicy,
    NumberAdded,
    Totals,
    adopted,
    opening,
    said,
    tick,
)
from tests.streams.scene import at, enrich, without_place

CODEC = RecordCodec(TOPICS.types, Counting.outcomes)
MACHINE = Machine(Counting())
State = PartitionState[Totals]
VECTOR = Embedded(np.array([0.6, 0.8], dtype="<f4"))


def opened() -> State:
    state = MACHINE.new(0)
    MACHINE.open(state, opening(), at(0).appended_at)
    return state


def take(state: State, message: Input, enriched_offset: int = 0) -> Decision | Repeat | Hole:
    """As the loop does: the message goes over the wire."""
    read, event = enriched.decode(enriched.encode(message))
    return MACHINE.take(state, enriched_offset, read, event)


def record(found: Decision | Repeat | Hole) -> Record:
    assert isinstance(found, Decision)
    return found.record


def run(messages: Sequence[Input]) -> tuple[State, list[bytes]]:
    """Decides all; returns the state and the log."""
    state = MACHINE.new(0)
    log = [CODEC.encode(MACHINE.open(state, opening(), 0).record)]
    for offset, message in enumerate(messages):
        if isinstance(found := take(state, message, offset), Decision):
            log.append(CODEC.encode(found.record))
    return state, log


def decoded(messages: Sequence[Input]) -> list[Record]:
    return [CODEC.decode(raw) for raw in run(messages)[1]]


def fold(log: Sequence[bytes]) -> State:
    state = MACHINE.new(0)
    for raw in log:
        MACHINE.fold(state, CODEC.decode(raw))
    return state


COMPUTED = (
    Enrichment(),
    Enrichment(MODEL, {"question": VECTOR}),
    Enrichment(mood=Mood("negative", -0.1234567, "x")),
)


def made_of(choices: Sequence[tuple[int, int, int]]) -> list[Input]:
    """Inputs of two topics, each without a gap, in some order: of every kind, some events twice."""
    made: list[Input] = []
    ends = {EVENTS: 0, CONTROL: 0}
    for kind, id, number in choices:
        topic = CONTROL if kind in {0, 1} else EVENTS
        place = at(ends[topic], topic=topic, later=number * 500)
        message = input_of(kind, place, id, number)
        made.append(message)
        ends[topic] = (message.last if isinstance(message, Absent) else place.offset) + 1
    return made


def input_of(kind: int, place: Coordinates, id: int, number: int) -> Input:
    match kind:
        case 0:
            return Enriched(place, codec.encode(tick(id=id)))
        case 1:
            return Enriched(place, codec.encode(adopted({"factor": number % 3 - 1}, id=id)))
        case 2:
            return Invalid(place, "not JSON", b'{"event":')
        case 3:
            return Moved(place, 3)
        case 4:
            return Absent(place, place.offset + abs(number) % 4)
        case _:
            event = said(number, shop=1 + kind % 2, id=id)
            return Enriched(place, codec.encode(event), COMPUTED[id % 3])


def runs() -> st.SearchStrategy[list[Input]]:
    choice = st.tuples(st.integers(0, 9), st.integers(1, 12), st.integers(-9, 9))
    return st.lists(choice, min_size=1, max_size=20).map(made_of)


@given(runs())
def test_the_fold_of_the_log_is_the_state(messages: list[Input]) -> None:
    state, log = run(messages)
    assert fold(log) == state
    assert list(fold(log).seen) == list(state.seen)
    assert len(log) == len(messages) + 1


@given(runs(), st.data())
def test_decisions_go_on_alike_after_a_restart_anywhere(messages: list[Input], data: st.DataObject) -> None:
    _, whole = run(messages)
    stop = data.draw(st.integers(1, len(whole)))
    state, log = fold(whole[:stop]), whole[:stop]
    for offset in range(state.checkpoint + 1, len(messages)):
        if isinstance(found := take(state, messages[offset], offset), Decision):
            log.append(CODEC.encode(found.record))
    assert log == whole


@given(runs(), st.data())
def test_what_is_enriched_again_changes_nothing(messages: list[Input], data: st.DataObject) -> None:
    """An enricher rewinds anywhere and repeats a run, as often as it likes; nothing is lost or doubled."""
    again = list(messages)
    for _ in range(data.draw(st.integers(1, 3))):
        begin = data.draw(st.integers(0, len(again)))
        back = data.draw(st.integers(0, begin))
        again = [*again[:begin], *again[back:begin], *again[begin:]]
    assert without_place(decoded(again)) == without_place(decoded(messages))


@given(runs(), st.data())
def test_what_comes_behind_a_hole_waits_for_it(messages: list[Input], data: st.DataObject) -> None:
    """A run is lost, what follows is dropped as far as it hangs on it, and a rewound enricher heals all."""
    begin = data.draw(st.integers(0, len(messages)))
    end = data.draw(st.integers(begin, len(messages)))
    state, log = run([*messages[:begin], *messages[end:], *messages[begin:]])
    wanted = run(messages)[0]
    assert {topic: mark.next_offset for topic, mark in state.inputs.items()} == {
        topic: mark.next_offset for topic, mark in wanted.inputs.items()
    }
    assert len(log) == len(messages) + 1
    assert fold(log) == state


@given(runs())
def test_times_and_places_only_grow(messages: list[Input]) -> None:
    records = [CODEC.decode(raw) for raw in run(messages)[1]]
    assert [r.seq for r in records] == list(range(len(records)))
    assert [r.at for r in records] == sorted(r.at for r in records)
    for each in records[1:]:
        assert each.input is not None
        assert each.at >= each.input.appended_at


def test_a_hole_changes_nothing_and_says_what_to_do() -> None:
    state = opened()
    take(state, enrich(said(1, id=1), 0))
    before = copy.deepcopy(state)
    found = take(state, enrich(said(1, id=3), 2))
    assert isinstance(found, Hole)
    assert str(found).startswith(
        f"input {EVENTS}[0] 1 has not been enriched (2 came next). Run `relearn enrich rewind"
    )
    assert state == before


def test_inputs_that_begin_above_zero_need_a_word_of_absence() -> None:
    state = opened()
    assert isinstance(take(state, enrich(said(1, id=1), 5)), Hole)
    absent = record(take(state, Absent(at(0), 4)))
    assert [o.model_dump() for o in absent.outcomes] == [
        {"kind": "InputAbsent", "shop_id": 0, "topic": EVENTS, "first": 0, "last": 4}
    ]
    assert isinstance(take(state, enrich(said(1, id=1), 5)), Decision)


def test_an_absence_covers_only_what_is_not_decided_yet() -> None:
    state = opened()
    take(state, enrich(said(1, id=1), 0))
    absent = record(take(state, Absent(at(0), 4)))
    assert absent.outcomes[0].model_dump()["first"] == 1
    assert isinstance(take(state, Absent(at(1), 4)), Repeat)


def test_an_absence_told_again_with_a_later_time_is_a_repeat() -> None:
    state = opened()
    take(state, Absent(at(0, later=5000), 4))
    take(state, enrich(said(1, id=1), 5))
    before = copy.deepcopy(state)
    assert isinstance(take(state, Absent(at(0, later=60_000), 4)), Repeat)
    assert state == before


def test_a_repeat_with_a_later_append_time_means_another_topic() -> None:
    state = opened()
    take(state, enrich(said(1, id=1), 0))
    take(state, enrich(said(1, id=2), 1))
    assert isinstance(take(state, enrich(said(1, id=1), 0)), Repeat)
    with pytest.raises(InputRecreated, match=rf"input topic {EVENTS}\[0\] was recreated: offset 0"):
        take(state, replace(enrich(said(1, id=1), 0), input=at(0, later=60_000)))


def test_the_same_event_twice_is_decided_once_but_not_for_another_shop() -> None:
    state = opened()
    take(state, enrich(said(5, id=1), 0))
    assert record(take(state, enrich(said(5, id=1), 1))).outcomes[0] == DuplicateIgnored(
        shop_id=7, event_id=said(5, id=1).id
    )
    assert isinstance(record(take(state, enrich(said(5, id=1, shop=8), 2))).outcomes[0], NumberAdded)
    assert state.domain.shops == {7: 5, 8: 5}
    assert state.domain.events == 2


def test_what_was_invalid_may_be_sent_again() -> None:
    state = opened()
    take(state, Invalid(at(0), "not JSON", b""))
    assert isinstance(record(take(state, enrich(said(5, id=1), 1))).outcomes[0], NumberAdded)


def test_only_so_many_events_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partition, "REMEMBERED", 3)
    state = opened()
    for offset in range(5):
        take(state, enrich(said(1, id=offset), offset))
    assert [id.int for _, id in state.seen] == [2, 3, 4]
    assert isinstance(record(take(state, enrich(said(1, id=0), 5))).outcomes[0], NumberAdded)


def test_a_policy_counts_from_the_next_decision_on() -> None:
    state = opened()
    before = state.policy_hash
    adoption = record(take(state, enrich(adopted({"factor": 3}, id=1), 0, topic=CONTROL)))
    after = record(take(state, enrich(said(5, id=2), 0)))
    assert (adoption.policy, after.policy) == (before, policy_hash(CountingPolicy(factor=3)))
    assert isinstance(adoption.outcomes[0], PolicyAdopted)
    assert adoption.outcomes[0].partitions == 1
    assert state.domain.shops == {7: 15}


@pytest.mark.parametrize(
    ("event", "why"),
    [
        (adopted({"factor": "much"}, id=1), "factor: Input should be a valid integer"),
        (adopted({"fctor": 3}, id=1), "fctor: Extra inputs are not permitted"),
        (adopted({}, id=1, model="other"), "embedding_model is 'other', but this log's is 'tiny'"),
    ],
)
def test_a_wrong_policy_is_refused(event: Any, why: str) -> None:
    state = opened()
    (outcome,) = record(take(state, enrich(event, 0, topic=CONTROL))).outcomes
    assert isinstance(outcome, RequestRefused)
    assert outcome.reason.startswith(why)
    assert state.policy == CountingPolicy()


def test_vectors_of_another_model_and_unknown_events_stop_it_unchanged() -> None:
    state = opened()
    before = copy.deepcopy(state)
    with pytest.raises(ForeignModel, match="RELEARN_EMBEDDING_MODEL=tiny"):
        take(state, enrich(said(1, id=1), 0, enrichment=Enrichment("other", {"question": VECTOR})))
    newer = codec.encode(said(1, id=1)).replace(b"said.v1", b"said.v2")
    with pytest.raises(UnknownEvent, match="unknown version"):
        take(state, Enriched(at(0), newer))
    assert state == before


@settings(max_examples=20)
@given(st.lists(st.integers(-9, 9).filter(bool), max_size=20))
def test_decisions_see_the_outcomes_before_them(numbers: list[int]) -> None:
    state = opened()
    for offset, number in enumerate(numbers):
        take(state, enrich(said(number, id=offset), offset))
    assert state.domain.shops.get(7, 0) == sum(numbers)


PLACE = {"partition": 0, "topic": EVENTS, "offset": 17, "by": "ann"}
APPENDED = Place(topic=EVENTS, partition=3, offset=40)


@pytest.mark.parametrize(
    ("data", "wanted"),
    [
        (
            DeadLetterRetried(**PLACE, reason="mended", appended=APPENDED),
            outcome.DeadLetterRetried(**PLACE, reason="mended", appended=APPENDED),
        ),
        (DeadLetterDiscarded(**PLACE), outcome.DeadLetterDiscarded(**PLACE)),
    ],
)
def test_what_is_done_about_a_dead_letter_is_recorded_each_time(
    data: DeadLetterData, wanted: outcome.Outcome
) -> None:
    state = opened()
    for number in range(2):
        event = Event(UUID(int=number), "/tests", NOON, 0, None, data)
        told = record(take(state, enrich(event, number, topic=CONTROL)))
        assert CODEC.decode(CODEC.encode(told)).outcomes == (wanted,)
    again = record(take(state, enrich(Event(UUID(int=0), "/tests", NOON, 0, None, data), 2, topic=CONTROL)))
    assert [type(each) for each in again.outcomes] == [DuplicateIgnored]
