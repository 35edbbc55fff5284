"""What was erased is nowhere in the state, and a log without it is the same log."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings

from schemas.record import Record
from schemas.review import SubjectErased
from streams.learning.decider import Learning
from streams.learning.state import Shop
from streams.log import Folded
from streams.partition import PartitionState
from streams.snapshot import pickled
from tests.streams.learning.erasing_stories import HISTORIES, SUBJECTS, marks, tell
from tests.streams.learning.story import CODEC, Story, content

LEARNING = Learning()


@settings(max_examples=60, deadline=None)
@given(HISTORIES)
def test_the_fold_of_the_records_is_the_state(history: list[Any]) -> None:
    story = tell(history)
    assert content(story.replayed()) == content(story.state)


@settings(max_examples=60, deadline=None)
@given(HISTORIES, SUBJECTS)
def test_nothing_of_who_was_erased_is_left_in_a_snapshot(history: list[Any], subject: SubjectErased) -> None:
    story = tell(history, subject)
    kept = pickled(Folded(story.state, 0, b"")).decode("utf-8", "replace")
    assert not [mark for mark in marks(story, subject) if mark in kept]


@settings(max_examples=80, deadline=None)
@given(HISTORIES, SUBJECTS)
def test_a_log_without_the_words_gives_the_same_state(history: list[Any], subject: SubjectErased) -> None:
    story = tell(history, subject)
    wordless = without_words(story.records)
    said = b"".join(map(CODEC.encode, wordless)).decode()
    assert not [mark for mark in marks(story, subject) if mark in said]
    assert content(folded(story, wordless)) == content(story.state)


@settings(max_examples=30, deadline=None)
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


@settings(max_examples=30, deadline=None)
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
