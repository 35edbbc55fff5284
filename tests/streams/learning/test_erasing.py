"""What was erased is nowhere in the state, and a log without it is the same log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from schemas.learning import ItemSplit, MergeReverted
from schemas.outcome import DeadLettered
from schemas.record import Record
from schemas.review import SubjectErased
from streams.learning.decider import Learning
from streams.learning.state import Shop
from streams.log import Folded
from streams.partition import PartitionState
from streams.snapshot import pickled
from tests.streams.learning.erasing_stories import HISTORIES, SUBJECTS, marks, tell
from tests.streams.learning.said import complaint, correction, erase, revert
from tests.streams.learning.story import CODEC, Story, content

LEARNING = Learning()


@settings(max_examples=150, deadline=None)
@given(HISTORIES)
def test_the_fold_of_the_records_is_the_state(history: list[Any]) -> None:
    story = tell(history)
    assert content(story.replayed()) == content(story.state)


@settings(max_examples=150, deadline=None)
@given(HISTORIES, SUBJECTS)
def test_nothing_of_who_was_erased_is_left_in_a_snapshot(history: list[Any], subject: SubjectErased) -> None:
    story = tell(history, subject)
    kept = b"".join(pickled(Folded(story.state, 0, b""))).decode("utf-8", "replace")
    assert not [mark for mark in marks(story, subject) if mark in kept]


@settings(max_examples=200, deadline=None)
@given(HISTORIES, SUBJECTS)
def test_a_log_without_the_words_gives_the_same_state(history: list[Any], subject: SubjectErased) -> None:
    story = tell(history, subject)
    wordless = without_words(story.records)
    said = b"".join(map(CODEC.encode, wordless)).decode()
    assert not [mark for mark in marks(story, subject) if mark in said]
    assert content(folded(story, wordless)) == content(story.state)


@settings(max_examples=60, deadline=None)
@given(HISTORIES, SUBJECTS)
def test_a_log_that_goes_on_after_its_words_are_gone_decides_the_same(
    history: list[Any], subject: SubjectErased
) -> None:
    """What comes later finds the same neighbours, whichever of the two logs it is added to."""
    story = tell(history, subject)
    again = tell(history, subject)
    again.state = folded(again, without_words(again.records))
    for n, later in enumerate(tell(history).records[1:]):
        assert later.event is not None
        for each in (story, again):
            each.tell(later.event.data, id=f"later {n}")
        assert story.last == again.last
    assert content(again.state) == content(story.state)


@settings(max_examples=60, deadline=None)
@given(HISTORIES, SUBJECTS)
def test_words_go_once(history: list[Any], subject: SubjectErased) -> None:
    """Taking them from a log that lost them changes nothing; nor does erasing again."""
    story = tell(history, subject)
    once = without_words(story.records)
    assert list(map(CODEC.encode, without_words(once))) == list(map(CODEC.encode, once))
    before = shop_of(story.state)
    story.tell(subject)
    assert story.kinds == ["SubjectErased"]
    assert shop_of(story.state) == before


def test_only_what_stands_before_is_erased_and_only_in_that_shop() -> None:
    story = Story()
    for shop in (7, 8):
        story.tell(complaint("refund|?", "ann", reason="slow|"), shop=shop)
    story.tell(erase("ann"))
    story.tell(complaint("gift|?", "ann", reason="slow|"))
    found = [getattr(each.event.data, "reason", None) for each in without_words(story.records) if each.event]
    assert found == ["[erased]", "slow|", "asked", "slow|"]


def test_the_request_no_longer_names_the_person() -> None:
    story = Story()
    story.tell(complaint("refund|?", "ann"))
    story.tell(erase("ann"))
    assert b'"ann"' in b"".join(map(CODEC.encode, story.records))
    assert b'"ann"' not in b"".join(map(CODEC.encode, without_words(story.records)))


def test_fields_that_nobody_knows_go_with_the_rest() -> None:
    story = Story()
    story.tell(complaint("refund|?", "ann"))
    told = story.records[1]
    said = orjson.loads(told.raw)
    said["data"]["nickname"] = said["extension"] = "annie"
    story.records[1] = replace(told, raw=orjson.dumps(said))
    story.tell(erase("ann"))
    assert b"annie" in CODEC.encode(story.records[1])
    assert b"annie" not in CODEC.encode(without_words(story.records)[1])


@pytest.mark.parametrize(
    ("raw", "is_kept"),
    [
        (b'{"data": {"actor_id": "\\u0061nn"}}', False),
        (b'{"data": {"actor_id": "anna"}}', True),
        (b'{"data": {"actor_id": "ann"', False),
        (b"{", True),
    ],
)
def test_what_could_not_be_read_loses_its_bytes_if_it_names_the_person(raw: bytes, is_kept: bool) -> None:
    story = Story()
    story.tell(complaint("refund|?", "ann"))
    story.tell(erase("ann"))
    unread = Record(1, 1, "p", (DeadLettered(reason="bad"),), raw=raw)
    found = LEARNING.erasures(story.records)
    assert LEARNING.erased(unread, found) == replace(unread, raw=raw if is_kept else b"")


def test_words_of_which_nobody_says_whose_they_are_go_where_an_item_lost_some() -> None:
    """As releases wrote them that could not erase."""
    story = Story()
    for who in ("ann", "bob", "carl"):
        story.tell(correction("refund|?", f"days|14 ~{who}", by=who))
    item = story.item()
    story.tell(revert(item.id, item.sources[1].source.source_id))
    split, merged = story.last
    assert isinstance(merged, MergeReverted)
    old = merged.model_copy(update={"words": merged.words.model_copy(update={"speakers": {}})})
    story.records[-1] = replace(story.records[-1], outcomes=(split, old))
    story.tell(erase("ann"))
    outcomes = without_words(story.records)[-2].outcomes
    assert isinstance(outcomes[0], ItemSplit)
    assert isinstance(outcomes[1], MergeReverted)
    assert (outcomes[0].words.answer, outcomes[1].words.answer) == ("days|14 ~bob", "[erased]")


def test_an_erasure_that_is_not_finished_takes_nothing_from_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.learning.erasure.ROOM", 1)
    story = Story()
    for n in range(2):
        story.tell(complaint(f"{n}|?", "ann"))
    story.tell(erase("ann"))
    assert not LEARNING.erasures(story.records)
    story.tell(erase("ann"))
    assert b'"ann"' not in b"".join(map(CODEC.encode, without_words(story.records)))
    assert content(folded(story, without_words(story.records))) == content(story.state)


def without_words(records: Sequence[Record]) -> list[Record]:
    """As a copy of the log has them, written and read."""
    found = LEARNING.erasures(records)
    return [CODEC.decode(CODEC.encode(LEARNING.erased(record, found))) for record in records]


def folded(story: Story, records: Sequence[Record]) -> PartitionState[Any]:
    state = story.machine.new(0)
    for record in records:
        story.machine.fold(state, record)
    return state


def shop_of(state: PartitionState[Any]) -> Any:
    shop: Shop = state.domain.shop(7)
    return [(i.state, i.texts, i.sources) for i in shop.items.values()], shop.knowledge, shop.imports
