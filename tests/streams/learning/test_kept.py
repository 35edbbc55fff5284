"""A learning state in a snapshot: the same when it comes back, and each vector once in the file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemas.correction import ResponseCorrected
from schemas.topics import LEARNING
from streams.learning.decider import Learning
from streams.log import Folded
from streams.snapshot import Snapshots, pickled
from tests.streams.learning.story import WIDTH, Story, content, name, tagged

ITEMS = 40


def corrected(number: int) -> ResponseCorrected:
    return ResponseCorrected(
        conversation_id=name(f"conversation {number}"),
        question=f"question {number}|how is it done?",
        original_response="I do not know.",
        corrected_answer=f"answer {number}|by pressing a button",
    )


@pytest.fixture
def story() -> Story:
    story = Story()
    for number in range(ITEMS):
        story.tell(corrected(number))
    assert len(story.shop.items) == ITEMS
    return story


def kept(story: Story, folder: Path) -> Folded[Any]:
    """The state as its snapshot gives it."""
    snapshots = Snapshots(folder, Learning(), LEARNING.log.name)
    snapshots.save(0, 7, pickled(Folded(story.state, 7, b"")))
    folded = snapshots.load(0)
    assert folded is not None
    return folded


def test_what_comes_back_is_what_was_kept(story: Story, tmp_path: Path) -> None:
    before = content(story.state)
    found = kept(story, tmp_path).state
    assert content(found) == before
    table = found.domain.shops[story.shop_id].tables["question"]
    item = story.shop.items[next(iter(story.shop.items))]
    assert [id for id, _ in table.near(tagged("question 0|"), 0.9)] == [item.id]


def test_what_came_back_goes_on(story: Story, tmp_path: Path) -> None:
    later = [corrected(number) for number in (3, 3, ITEMS, ITEMS + 1)]
    story.state = kept(story, tmp_path).state
    other = Story()
    for number in range(ITEMS):
        other.tell(corrected(number))
    for data in later:
        story.tell(data)
        other.tell(data)
        assert story.last == other.last
    assert content(story.state) == content(other.state)


def test_each_vector_is_kept_once(story: Story, tmp_path: Path) -> None:
    said, *vectors = pickled(Folded(story.state, 7, b""))
    assert [len(each) for each in vectors] == [4 * WIDTH] * 2 * ITEMS, "those of tables are those of texts"
    assert len(said) < 1000 * ITEMS
    again = kept(story, tmp_path)
    assert len(pickled(again)) == 1 + 2 * ITEMS
