"""What follows from imports: at once, or after a second pair of eyes."""

from __future__ import annotations

import pytest

from schemas import learning as out
from schemas.outcome import RequestRefused
from schemas.policy import LearningPolicy, TwoPairsOfEyes, content
from schemas.standing import ImportedAs
from streams.learning.state import Item
from tests.streams.learning.said import (
    OTHER_REVIEWER,
    REVIEWER,
    adopt,
    apply,
    approve,
    complaint,
    correction,
    edit,
    erase,
    imported,
    proposal,
    reject,
    revert,
    roll_back,
)  # fmt: skip
from tests.streams.learning.story import Story

ASKING = LearningPolicy(two_pairs_of_eyes=TwoPairsOfEyes(imports=True))
ME, OTHER = str(REVIEWER), str(OTHER_REVIEWER)
QUESTION = "refund|how long?"


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def asking() -> Story:
    """A story whose policy asks for a second pair of eyes for imports."""
    return Story(ASKING)


def bring(
    story: Story, answer: str, id: str | None = "q1", by: str | None = ME, question: str = QUESTION
) -> Item:
    """Imports this answer, which becomes an item."""
    story.tell(imported(answer, question, id, by=by))
    return story.item(story.the(out.ItemProposed).item_id)


def accept(story: Story, item: Item, **more: str) -> None:
    story.tell(approve(item.id, by=OTHER_REVIEWER, **more))
    story.tell(apply())


def words(story: Story) -> list[str]:
    return sorted(known.texts.answer.words for known in story.live if known.texts.answer)


# At once


def test_an_import_replaces_what_it_brought(story: Story) -> None:
    story.tell(imported("days|30 days", QUESTION, "q1"))
    first = story.live[0].id
    story.tell(imported("days|30 days", QUESTION, "q1"))
    assert story.the(out.KnowledgeUnchanged).knowledge_id == first
    story.tell(imported("days|14 days", QUESTION, "q1"))
    assert story.the(out.KnowledgeImported).supersedes == first
    assert len(story.live) == 1


def test_an_import_does_not_overrule_people(story: Story) -> None:
    story.tell(imported("days|30 days", QUESTION, "q1"))
    story.tell(correction(QUESTION, "days|14 days", "urgent"))
    story.tell(imported("days|60 days", QUESTION, "q1"))
    assert story.kinds == ["ItemProposed"]
    assert words(story) == ["days|14 days"]
    story.tell(imported("days|60 days", QUESTION, "q1"))
    assert story.kinds == ["KnowledgeUnchanged"]


def test_an_import_of_what_is_known_confirms_it(story: Story) -> None:
    story.tell(imported("days|30 days", QUESTION))
    story.tell(imported("days|30 days", QUESTION, "q1"))
    assert story.kinds == ["KnowledgeConfirmed"]
    story.tell(imported("days|60 days", QUESTION, "q2"))
    assert len(story.the(out.KnowledgeImported).conflicts_with) == 1


# A second pair of eyes


def test_an_import_waits_for_a_second_pair_of_eyes(asking: Story) -> None:
    item = bring(asking, "days|30 days")
    assert (item.status, item.sources[0].source.source_type, asking.live) == ("pending", "manual", [])
    proposed = asking.the(out.ItemProposed)
    assert (proposed.second_pair_for, proposed.needs_second_pair) == ("import", True)
    asking.tell(approve(item.id))
    assert asking.kinds == ["RequestRefused"]
    refused = asking.the(RequestRefused)
    assert (refused.reason, refused.id, refused.state) == ("own_source", item.id, "pending")
    accept(asking, item)
    assert asking.the(out.KnowledgeApplied).imported_as == ImportedAs(source="faq", external_id="q1")
    assert words(asking) == ["days|30 days"]


def test_what_was_approved_is_known_as_its_import(asking: Story) -> None:
    accept(asking, bring(asking, "days|30 days"))
    first = asking.live[0]
    asking.tell(imported("days|30 days", QUESTION, "q1"))
    assert asking.the(out.KnowledgeUnchanged).knowledge_id == first.id
    newer = bring(asking, "days|14 days", question="other|another question?")
    assert newer.target == first.id
    assert words(asking) == ["days|30 days"]
    accept(asking, newer)
    assert asking.the(out.KnowledgeApplied).supersedes == first.id
    assert words(asking) == ["days|14 days"]
    asking.tell(adopt(content(LearningPolicy())))
    asking.tell(imported("days|7 days", QUESTION, "q1"))
    assert asking.the(out.KnowledgeImported).supersedes == newer_knowledge(asking, newer)


def newer_knowledge(story: Story, item: Item) -> object:
    return next(known.id for known in story.shop.knowledge.values() if known.item_id == item.id)


def test_what_was_live_before_the_policy_asked_is_replaced_by_an_item(story: Story) -> None:
    story.tell(imported("days|30 days", QUESTION, "q1"))
    story.tell(adopt(content(ASKING)))
    newer = bring(story, "days|14 days")
    assert newer.target == story.live[0].id
    accept(story, newer)
    assert words(story) == ["days|14 days"]


def test_other_words_for_the_same_answer_replace_it_too(asking: Story) -> None:
    accept(asking, bring(asking, "days|within 14 days"))
    accept(asking, bring(asking, "days|Within 14 days of delivery."))
    assert asking.kinds == ["KnowledgeApplied", "ItemApplied", "KnowledgeSuperseded"]
    assert words(asking) == ["days|Within 14 days of delivery."]


def test_the_same_import_changes_nothing_while_it_waits(asking: Story) -> None:
    item = bring(asking, "days|30 days")
    asking.tell(imported("days|30 days", QUESTION, "q1", by=ME))
    assert asking.the(out.ItemUnchanged).item_id == item.id
    asking.tell(approve(item.id, by=OTHER_REVIEWER))
    asking.tell(imported("days|30 days", QUESTION, "q1"))
    assert asking.kinds == ["ItemUnchanged"]
    assert (len(item.sources), item.status, len(asking.shop.items)) == (1, "approved", 1)


def test_somebody_else_who_imports_the_same_is_a_second_pair_of_eyes(asking: Story) -> None:
    item = bring(asking, "days|30 days")
    asking.tell(imported("days|30 days", QUESTION, "q1", by=OTHER))
    joined = asking.the(out.ItemCorroborated)
    assert (joined.item_id, joined.needs_second_pair) == (item.id, False)
    asking.tell(imported("days|30 days", QUESTION, "q1", by=OTHER))
    assert asking.kinds == ["ItemUnchanged"]
    asking.tell(approve(item.id))
    asking.tell(apply())
    assert words(asking) == ["days|30 days"]


def test_another_import_takes_the_place_of_one_that_waits(asking: Story) -> None:
    old = bring(asking, "days|30 days")
    asking.tell(imported("days|14 days", QUESTION, "q1", by=ME))
    assert asking.kinds == ["ItemWithdrawn", "ItemProposed"]
    assert asking.the(out.ItemProposed).conflicts_with == ()
    asking.tell(approve(old.id, by=OTHER_REVIEWER))
    assert asking.the(RequestRefused).reason == "not_pending"
    accept(asking, asking.item(asking_for(asking)))
    assert words(asking) == ["days|14 days"]


def test_an_approval_of_what_is_imported_no_more_comes_to_nothing(asking: Story) -> None:
    old = bring(asking, "days|30 days")
    asking.tell(approve(old.id, by=OTHER_REVIEWER))
    bring(asking, "days|14 days")
    assert asking.the(out.ItemWithdrawn).now.status == "rejected"
    asking.tell(apply())
    assert (asking.kinds, asking.live) == ([], [])


def asking_for(story: Story) -> object:
    (item,) = (item.id for item in story.shop.items.values() if item.status == "pending")
    return item


def test_what_others_say_too_is_not_withdrawn(asking: Story) -> None:
    old = bring(asking, "days|30 days")
    asking.tell(correction(QUESTION, "days|30 days", by="partner"))
    assert asking.the(out.ItemCorroborated).item_id == old.id
    newer = bring(asking, "days|14 days")
    assert (old.status, newer.conflicts) == ("pending", {old.id})
    accept(asking, old)
    assert asking.shop.knowledge[newer.target].imported_as is None  # type: ignore[index]


def test_an_import_that_goes_back_is_what_it_was(asking: Story) -> None:
    accept(asking, bring(asking, "days|30 days"))
    known = asking.live[0].id
    newer = bring(asking, "days|14 days")
    asking.tell(imported("days|30 days", QUESTION, "q1", by=ME))
    assert asking.kinds == ["ItemWithdrawn", "KnowledgeUnchanged"]
    assert (newer.status, asking.the(out.KnowledgeUnchanged).knowledge_id) == ("rejected", known)
    asking.tell(imported("days|30 days", QUESTION, "q1", by=ME))
    assert asking.the(out.KnowledgeUnchanged).knowledge_id == known


def test_what_was_rejected_is_asked_again_when_it_says_something_else(asking: Story) -> None:
    item = bring(asking, "days|30 days")
    asking.tell(reject(item.id))
    for by in (ME, OTHER):
        asking.tell(imported("days|30 days", QUESTION, "q1", by=by))
        assert asking.the(out.ItemUnchanged).item_id == item.id
    again = bring(asking, "days|14 days")
    assert (again.id != item.id, again.status) == (True, "pending")


def test_rolling_back_makes_it_wait_again(asking: Story) -> None:
    item = bring(asking, "days|30 days")
    accept(asking, item)
    asking.tell(roll_back(asking.live[0].id))
    assert (item.status, asking.live) == ("pending", [])
    asking.tell(imported("days|30 days", QUESTION, "q1"))
    assert asking.kinds == ["ItemUnchanged"]
    asking.tell(approve(item.id))
    assert asking.the(RequestRefused).reason == "own_source"
    accept(asking, item)
    assert words(asking) == ["days|30 days"]


def test_a_reviewers_wording_is_not_overruled(asking: Story) -> None:
    item = bring(asking, "days|30 days")
    accept(asking, item, edited_content="days|Thirty working days.")
    asking.tell(adopt(content(LearningPolicy())))
    asking.tell(imported("days|60 days", QUESTION, "q1"))
    assert asking.kinds == ["ItemProposed"]
    assert words(asking) == ["days|Thirty working days."]


def test_what_people_changed_is_left_to_them(asking: Story) -> None:
    accept(asking, bring(asking, "days|30 days"))
    asking.tell(edit(asking.live[0].id, "days|29 days"))
    edited = asking.live[0].id
    newer = bring(asking, "days|14 days")
    assert newer.target == edited
    asking.tell(approve(newer.id))
    assert asking.the(RequestRefused).reason == "own_source"


def test_an_import_that_says_what_is_known_confirms_it(asking: Story) -> None:
    accept(asking, bring(asking, "days|30 days"))
    asking.tell(imported("days|30 days", QUESTION, "q2"))
    assert asking.kinds == ["KnowledgeConfirmed"]


def test_an_import_joins_an_item_of_the_same_answer_and_no_complaint(asking: Story) -> None:
    asking.tell(complaint(QUESTION, by="ann"))
    asking.tell(correction("opening|when?", "hours|at 9", by=OTHER))
    waiting = asking.item(asking.the(out.ItemProposed).item_id)
    asking.tell(imported("hours|at 9", "opening|when?", "q1", by=ME))
    assert asking.the(out.ItemCorroborated).item_id == waiting.id
    assert not waiting.needs_second_pair
    bring(asking, "days|30 days", "q2")
    asking.tell(approve(waiting.id))
    asking.tell(apply())
    assert asking.the(out.KnowledgeApplied).imported_as is None
    asking.tell(imported("hours|at 9", "opening|when?", "q1", by=ME))
    assert asking.kinds == ["KnowledgeUnchanged"]


def test_without_an_id_nothing_is_replaced(asking: Story) -> None:
    first = bring(asking, "days|30 days", None)
    second = bring(asking, "days|14 days", None)
    assert (first.status, second.conflicts) == ("pending", {first.id})
    accept(asking, first)
    assert asking.the(out.KnowledgeApplied).imported_as == ImportedAs(source="faq")


def test_a_source_that_leaves_takes_its_import_along(asking: Story) -> None:
    asking.tell(proposal("days|30 days", QUESTION, actor_id="ann"))
    asking.tell(imported("days|30 days", QUESTION, "q1", by=ME))
    joined = asking.the(out.ItemCorroborated)
    asking.tell(revert(joined.item_id, joined.source.source_id))
    assert asking.the(out.ItemSplit).needs_second_pair
    split = asking.the(out.ItemSplit).item_id
    asking.tell(imported("days|30 days", QUESTION, "q1", by=ME))
    assert asking.the(out.ItemUnchanged).item_id == split
    asking.tell(imported("days|14 days", QUESTION, "q1", by=ME))
    assert asking.the(out.ItemWithdrawn).item_id == split


def test_a_source_that_leaves_takes_no_later_import_along(asking: Story) -> None:
    asking.tell(proposal("days|30 days", QUESTION, actor_id="ann"))
    asking.tell(imported("days|30 days", QUESTION, "q1", by=ME))
    joined = asking.the(out.ItemCorroborated)
    newer = bring(asking, "days|14 days")
    asking.tell(revert(joined.item_id, joined.source.source_id))
    asking.tell(imported("days|14 days", QUESTION, "q1", by=ME))
    assert asking.the(out.ItemUnchanged).item_id == newer.id


def test_an_import_that_only_repeats_the_knowledge_base_is_forgotten(asking: Story) -> None:
    accept(asking, bring(asking, "hours|at 9", "q2", question="opening|when?"))
    known = asking.live[0].id
    bring(asking, "days|30 days")
    echo = imported("hours|at 9", "opening|when?", "q1", by=ME).model_copy(
        update={"cited_knowledge_ids": [known]}
    )
    for expected in (["ItemWithdrawn", "EchoIgnored"], ["EchoIgnored"]):
        asking.tell(echo)
        assert asking.kinds == expected


def test_who_is_erased_takes_the_import_along(asking: Story) -> None:
    item = bring(asking, "days|30 days", by="ann")
    asking.tell(erase("ann"))
    assert item.status == "rejected"
    again = bring(asking, "days|30 days", by="ann")
    assert again.status == "pending"


def test_an_erased_import_is_not_the_same(asking: Story) -> None:
    item = bring(asking, "days|30 days", by="ann")
    asking.tell(imported("days|30 days", QUESTION, "q1"))
    asking.tell(erase("ann"))
    assert item.status == "rejected"
    assert bring(asking, "days|30 days", by=None).status == "pending"


def test_a_policy_that_asks_no_more_lets_the_next_import_through(asking: Story) -> None:
    item = bring(asking, "days|30 days")
    asking.tell(adopt(content(LearningPolicy())))
    asking.tell(imported("days|30 days", QUESTION, "q1", by=ME))
    assert asking.kinds == ["ItemUnchanged"]
    asking.tell(approve(item.id))
    assert asking.the(RequestRefused).reason == "own_source"
    asking.tell(imported("days|14 days", QUESTION, "q1", by=ME))
    assert asking.kinds == ["ItemWithdrawn", "KnowledgeImported"]
