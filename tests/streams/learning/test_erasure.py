"""What is left of items and knowledge when somebody is erased."""

from __future__ import annotations

import orjson
import pytest

from schemas import learning as out
from schemas.event import EventData, ShopData
from schemas.outcome import RequestRefused
from schemas.topics import LEARNING
from schemas.upcasting import UPCASTERS
from streams.learning.erasing import FREE, TEXTS
from streams.learning.state import Item, Knowledge
from tests.streams.learning.said import (
    apply,
    approve,
    complaint,
    conversation,
    correction,
    edit,
    erase,
    proposal,
    revert,
    roll_back,
)
from tests.streams.learning.story import Story, name


@pytest.fixture
def story() -> Story:
    return Story()


def texts(of: Item | Knowledge) -> list[str | None]:
    return [text and text.words for text in (of.texts.question, of.texts.answer, of.texts.complaint)]


def corrected_by_both(story: Story) -> Item:
    """Ann first, with a question and an answer; then Bob, with the same in his own words."""
    story.tell(correction("refund|how long?", "days|14 days", by="ann"))
    story.tell(correction("refund|when?", "days|in 14 days", by="bob"))
    return story.item()


def known_by_both(story: Story) -> Knowledge:
    item = corrected_by_both(story)
    story.tell(approve(item.id))
    story.tell(apply())
    (known,) = story.live
    return known


def test_an_item_keeps_what_others_said(story: Story) -> None:
    item = corrected_by_both(story)
    assert (item.confidence, item.version) == (96, 1)
    story.tell(erase("ann"))
    assert texts(item) == ["refund|when?", "days|in 14 days", None]
    assert (item.status, item.confidence, item.version) == ("pending", 80, 2)
    assert [(s.source.actor_id, bool(s.texts)) for s in item.sources] == [(None, False), ("bob", True)]
    assert story.the(out.ItemErased).words.answer == "days|in 14 days"
    assert (story.the(out.SubjectErased).items, story.the(out.SubjectErased).knowledge) == (1, 0)


def test_one_that_joined_later_takes_nothing_with_it_but_its_weight(story: Story) -> None:
    item = corrected_by_both(story)
    story.tell(erase("bob"))
    assert texts(item) == ["refund|how long?", "days|14 days", None]
    assert (item.confidence, item.version) == (80, 1)
    assert story.the(out.ItemErased).lost == ()


def test_an_item_of_nobody_is_rejected(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|14 days", by="ann"))
    story.tell(erase("ann"))
    item = story.item()
    assert (item.status, item.confidence, texts(item)) == ("rejected", 0, [None, None, None])
    story.tell(correction("refund|how long?", "days|14 days", by="ann"))
    assert story.kinds == ["CorrectionStored", "ItemProposed"], "what is said later is new"


def test_what_a_reviewer_wrote_stays(story: Story) -> None:
    item = corrected_by_both(story)
    story.tell(approve(item.id, edited_content="days|two weeks"))
    story.tell(erase("ann"))
    assert (item.status, texts(item)) == ("approved", ["refund|when?", "days|two weeks", None])


def test_what_a_reviewer_had_not_seen_is_reviewed_again(story: Story) -> None:
    item = corrected_by_both(story)
    story.tell(approve(item.id))
    story.tell(erase("ann"))
    assert (item.status, texts(item)) == ("pending", ["refund|when?", "days|in 14 days", None])


def test_knowledge_without_its_answer_ends_and_its_item_goes_back(story: Story) -> None:
    known = known_by_both(story)
    story.tell(erase("ann"))
    assert story.kinds == ["KnowledgeErased", "ItemErased", "SubjectErased"]
    assert (known.status, texts(known)) == ("retracted", [None, None, None])
    assert [(feed.key, feed.value) for feed in story.feeds] == [(str(known.id).encode(), None)]
    item = story.item()
    assert (item.status, item.target) == ("pending", None)
    story.tell(approve(item.id))
    story.tell(apply())
    assert texts(story.live[0]) == ["refund|when?", "days|in 14 days", None]


def test_knowledge_without_its_question_goes_on(story: Story) -> None:
    story.tell(complaint("refund|how long?", "ann"))
    story.tell(correction("refund|when?", "days|14 days", by="bob"))
    story.tell(approve(story.item().id))
    story.tell(apply())
    (known,) = story.live
    story.tell(erase("ann"))
    assert texts(known) == [None, "days|14 days", None]
    (feed,) = story.feeds
    assert orjson.loads(feed.value or b"")["question"] is None
    assert story.item().status == "applied"


def test_who_aimed_at_knowledge_that_ended_aims_anew(story: Story) -> None:
    known = known_by_both(story)
    story.tell(correction("refund|and now?", "days|30 days", by="carl"))
    other = next(item for item in story.shop.items.values() if item.target == known.id)
    story.tell(erase("ann"))
    assert story.the(out.ItemRetargeted).item_id == other.id
    assert other.target is None


def test_a_past_version_loses_its_words_and_is_not_revived(story: Story) -> None:
    first = known_by_both(story)
    story.tell(edit(first.id, "days|30 days", "refund|for how long?"))
    (second,) = story.live
    story.tell(erase("ann"))
    assert (first.status, texts(first)) == ("superseded", [None, None, None])
    assert texts(second) == ["refund|for how long?", "days|30 days", None]
    story.tell(roll_back(second.id))
    assert not story.live


def test_a_persons_conversations_go_with_them(story: Story) -> None:
    turns = [("user", "refund|how long?"), ("owner", "days|14 days")]
    said = conversation("talk", *turns).model_copy(update={"user_id": "ann"})
    story.tell(said)
    story.tell(complaint("gift|cards?", "bob", conversation="talk"))
    story.tell(erase("ann"))
    assert story.the(out.SubjectErased).conversations == (name("talk"),)
    assert [(i.status, texts(i)) for i in story.shop.items.values()] == [("rejected", [None] * 3)] * 2
    assert story.shop.conversations[name("talk")].messages == 2, "counts stay"


def test_one_conversation_is_erased_and_the_persons_others_are_not(story: Story) -> None:
    story.tell(complaint("refund|how long?", "ann", conversation="one"))
    story.tell(complaint("gift|cards?", "ann", conversation="other"))
    story.tell(erase(conversation="one"))
    assert [item.status for item in story.shop.items.values()] == ["rejected", "pending"]


def test_nothing_is_there_to_erase(story: Story) -> None:
    story.tell(erase("nobody"))
    assert story.kinds == ["SubjectErased"]
    assert (story.the(out.SubjectErased).items, story.the(out.SubjectErased).unfinished) == (0, False)


def test_a_source_without_words_cannot_leave_its_item_nor_the_last_one_with_some(story: Story) -> None:
    item = corrected_by_both(story)
    story.tell(erase("ann"))
    refused = []
    for said in item.sources:
        story.tell(revert(item.id, said.source.source_id))
        refused.append(story.the(RequestRefused).reason)
    assert refused == ["unknown_source", "last_source"]


def test_what_does_not_fit_into_one_record_is_left_for_the_next(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.learning.erasure.ROOM", 600)
    for n in range(5):
        story.tell(proposal(f"answer {n}|{n}", f"topic {n}|?", actor_id="ann"))
    told = []
    for _ in range(3):
        story.tell(erase("ann"))
        told.append((story.the(out.SubjectErased).items, story.the(out.SubjectErased).unfinished))
    assert told == [(2, True), (2, True), (1, False)]
    assert {item.status for item in story.shop.items.values()} == {"rejected"}


@pytest.mark.parametrize(
    "kind", [k for k in LEARNING.types.values() if issubclass(k, ShopData) and k not in UPCASTERS]
)
def test_every_text_of_every_event_is_known(kind: type[EventData]) -> None:
    """A field of people's words that nobody lists would stay in a log without words."""
    assert issubclass(kind, ShopData)
    found = {name: str(field) for name, field in kind.model_fields.items()}
    long = {name for name, field in found.items() if "32000" in field or name == "reason"}
    free = {name for name, field in found.items() if "Dict" in field or "dict[" in field}
    assert (long, free) == (set(TEXTS[kind]), set(FREE.get(kind, ())))
