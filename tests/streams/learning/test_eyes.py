"""Two pairs of eyes for urgent corrections, and who counts as one."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from schemas import learning as out
from schemas.outcome import RequestRefused
from schemas.policy import LearningPolicy, TwoPairsOfEyes, content
from schemas.standing import Source
from streams.learning.eyes import pairs
from streams.learning.state import Item, Said, Text, Texts
from tests.streams.learning.said import (
    OTHER_REVIEWER,
    REVIEWER,
    adopt,
    apply,
    approve,
    assign,
    call,
    complaint,
    correction,
    erase,
    reject,
    revert,
    roll_back,
)  # fmt: skip
from tests.streams.learning.story import Story, name, tagged

ASKING = LearningPolicy(two_pairs_of_eyes=TwoPairsOfEyes(urgent_corrections=True))
ME, OTHER = str(REVIEWER), str(OTHER_REVIEWER)
QUESTION, ANSWER = "refund|how long?", "days|14 days"


@pytest.fixture
def story() -> Story:
    return Story(ASKING)


def urgently(story: Story, answer: str = ANSWER, by: str | None = ME, **more: str) -> Item:
    """An urgent correction, and the item that it is in."""
    story.tell(correction(QUESTION, answer, "urgent", by=by), **more)
    decided = next(o for o in story.last if isinstance(o, out.ItemProposed | out.ItemCorroborated))
    return story.item(decided.item_id)


def refusal(story: Story) -> str:
    assert story.kinds == ["RequestRefused"]
    return str(story.the(RequestRefused).reason)


def test_an_urgent_correction_waits_for_somebody_else(story: Story) -> None:
    item = urgently(story)
    assert story.kinds == ["CorrectionStored", "ItemProposed"]
    proposed = story.the(out.ItemProposed)
    assert (proposed.second_pair_for, proposed.needs_second_pair) == ("urgency", True)
    assert (item.status, item.confidence, story.live) == ("pending", 95, [])
    story.tell(approve(item.id))
    assert refusal(story) == "own_source"
    assert item.status == "pending"
    story.tell(approve(item.id, edited_content="days|15 days"))
    assert refusal(story) == "own_source"
    story.tell(approve(item.id, by=OTHER_REVIEWER))
    story.tell(apply())
    assert [known.texts.answer.words for known in story.live] == [ANSWER]  # type: ignore[union-attr]


def test_whoever_said_it_may_still_reject_it(story: Story) -> None:
    item = urgently(story)
    story.tell(reject(item.id))
    assert item.status == "rejected"


def test_other_corrections_are_approved_by_anybody(story: Story) -> None:
    story.tell(correction(QUESTION, ANSWER, "high", by=ME))
    story.tell(approve(story.item().id))
    assert story.kinds == ["ItemApproved"]


@pytest.mark.parametrize(
    "asks", [LearningPolicy(), LearningPolicy(two_pairs_of_eyes=TwoPairsOfEyes(imports=True))]
)
def test_only_a_policy_that_asks_for_it_holds_back_what_is_urgent(asks: LearningPolicy) -> None:
    story = Story(asks)
    item = urgently(story)
    assert (item.status, item.needs_second_pair, len(story.live)) == ("applied", False, 1)


def test_from_an_untrusted_source_nobody_approves_it_alone_either() -> None:
    story = Story(ASKING.model_copy(update={"urgent_sources": ("trusted/*",)}))
    item = urgently(story, source="elsewhere")
    story.tell(approve(item.id))
    assert refusal(story) == "own_source"
    urgently(story, by="partner", source="elsewhere")
    assert (item.status, item.needs_second_pair) == ("pending", False)


def test_two_who_say_it_independently_are_two_pairs(story: Story) -> None:
    story.tell(correction(QUESTION, ANSWER, by="partner"))
    item = urgently(story)
    assert [k for k in story.kinds if k != "CorrectionStored"] == [
        "ItemCorroborated", "ItemApproved", "KnowledgeApplied", "ItemApplied",
    ]  # fmt: skip
    assert story.the(out.ItemCorroborated).needs_second_pair is None
    assert item.status == "applied"


def test_after_a_second_urgent_correction_it_is_applied_at_once(story: Story) -> None:
    item = urgently(story)
    urgently(story, by="partner")
    assert story.the(out.ItemCorroborated).needs_second_pair is False
    assert (item.status, story.the(out.ItemApproved).by) == ("applied", "urgency")


def test_who_said_it_may_approve_it_when_others_say_it_too(story: Story) -> None:
    item = urgently(story)
    story.tell(correction(QUESTION, ANSWER, by="partner"))
    assert (item.status, item.needs_second_pair) == ("pending", False)
    story.tell(approve(item.id))
    assert story.kinds == ["ItemApproved"]


def test_one_person_twice_is_one_pair(story: Story) -> None:
    item = urgently(story)
    urgently(story)
    story.tell(correction(QUESTION, ANSWER, by=ME))
    assert (len(item.sources), item.status) == (3, "pending")
    story.tell(approve(item.id))
    assert refusal(story) == "own_source"


def test_two_in_one_conversation_are_one_pair_and_neither_approves_it(story: Story) -> None:
    story.tell(correction(QUESTION, ANSWER, "urgent", by=ME, conversation="shared"))
    story.tell(correction(QUESTION, ANSWER, "urgent", by=OTHER, conversation="shared"))
    item = story.item()
    for reviewer in (REVIEWER, OTHER_REVIEWER):
        story.tell(approve(item.id, by=reviewer))
        assert refusal(story) == "own_source"
    story.tell(approve(item.id, by=name("third")))
    assert item.status == "approved"


@pytest.mark.parametrize("first", [None, ME])
def test_an_unknown_person_is_no_second_pair(story: Story, first: str | None) -> None:
    item = urgently(story, by=first)
    urgently(story, by=ME if first is None else None)
    story.tell(call("slow|so slow", QUESTION, ANSWER, sentiment="negative"))
    assert (len(item.sources), item.status, item.needs_second_pair) == (3, "pending", True)
    story.tell(approve(item.id))
    assert refusal(story) == "own_source"


def test_what_an_unknown_person_says_needs_one_who_is_known(story: Story) -> None:
    item = urgently(story, by=None)
    assert item.needs_second_pair
    story.tell(approve(item.id))
    assert story.kinds == ["ItemApproved"]


def test_approval_by_confidence_needs_two_pairs_as_well() -> None:
    story = Story(ASKING.model_copy(update={"auto_approve_at": 80}))
    item = urgently(story)
    urgently(story, by=None)
    assert (item.confidence, item.status) == (99, "pending")
    story.tell(correction(QUESTION, ANSWER, by="partner"))
    assert story.the(out.ItemApproved).by == "confidence"


def test_an_approved_item_is_not_hurried_by_one_of_those_who_said_it(story: Story) -> None:
    story.tell(correction(QUESTION, ANSWER, by=ME))
    item = story.item()
    story.tell(approve(item.id))
    urgently(story)
    assert (item.status, story.live) == ("approved", [])
    story.tell(apply())
    assert item.status == "applied"


def test_an_urgent_correction_of_the_same_topic_waits_beside_the_others(story: Story) -> None:
    story.tell(correction(QUESTION, "days|30 days", by="partner"))
    first = story.item()
    item = urgently(story)
    assert (item.status, item.conflicts, first.target) == ("pending", {first.id}, None)


def test_what_is_rolled_back_still_needs_somebody_else(story: Story) -> None:
    item = urgently(story)
    story.tell(approve(item.id, by=OTHER_REVIEWER))
    story.tell(apply())
    story.tell(roll_back(story.live[0].id))
    assert item.status == "pending"
    story.tell(approve(item.id))
    assert refusal(story) == "own_source"


def test_a_source_that_leaves_takes_the_question_along(story: Story) -> None:
    story.tell(correction(QUESTION, ANSWER, by="partner", conversation="shared"))
    story.tell(correction(QUESTION, ANSWER, "urgent", by=ME, conversation="shared"))
    item = story.item()
    assert item.needs_second_pair
    story.tell(revert(item.id, item.sources[-1].source.source_id))
    split = story.item(story.the(out.ItemSplit).item_id)
    assert (split.needs_second_pair, item.needs_second_pair) == (True, False)
    assert story.the(out.MergeReverted).needs_second_pair is False
    story.tell(approve(split.id))
    assert refusal(story) == "own_source"
    story.tell(approve(item.id))
    assert story.kinds == ["ItemApproved"]


def test_a_pair_that_is_erased_is_there_no_more(story: Story) -> None:
    item = urgently(story)
    story.tell(correction(QUESTION, ANSWER, by="ann"))
    assert not item.needs_second_pair
    story.tell(erase("ann"))
    assert story.the(out.ItemErased).needs_second_pair is True
    story.tell(approve(item.id))
    assert refusal(story) == "own_source"


def test_other_reasons_to_refuse_come_first(story: Story) -> None:
    item = urgently(story)
    story.tell(assign(item.id, by=OTHER_REVIEWER))
    story.tell(approve(item.id))
    assert refusal(story) == "assigned"
    story.tell(approve(item.id, by=OTHER_REVIEWER, item_version=7))
    assert refusal(story) == "stale"


def test_what_waits_goes_on_waiting_when_the_policy_asks_no_more(story: Story) -> None:
    item = urgently(story)
    story.tell(adopt(content(LearningPolicy())))
    story.tell(approve(item.id))
    assert refusal(story) == "own_source"
    story = Story()
    story.tell(correction(QUESTION, ANSWER, "urgent", by=ME), source="x")
    assert story.live


def test_whoever_complained_has_not_looked_at_the_answer(story: Story) -> None:
    story.tell(complaint(QUESTION, by=OTHER))
    item = urgently(story)
    assert story.the(out.ItemCorroborated).filled == ("answer",)
    assert (item.status, item.needs_second_pair) == ("pending", True)
    story.tell(approve(item.id))
    assert refusal(story) == "own_source"
    story.tell(approve(item.id, by=OTHER_REVIEWER))
    assert story.kinds == ["ItemApproved"]


def said(actor: str | None, conversation: int | None = None, answer: str | None = ANSWER) -> Said:
    source = Source(
        source_id=uuid4(), source_type="correction", base_confidence=95,
        actor_id=actor, conversation_id=None if conversation is None else UUID(int=conversation),
    )  # fmt: skip
    return Said(source, Texts(answer=Text(answer, tagged(answer)) if answer else None))


@pytest.mark.parametrize(
    ("sources", "count"),
    [
        ([], 0),
        ([said(None), said(None, 1)], 0),
        ([said("ann"), said(None)], 1),
        ([said("ann", 1), said("ann", 2)], 1),
        ([said("ann", 1), said("bob", 1)], 1),
        ([said("ann", 1), said("bob", 2, answer=None)], 1),
        ([said("ann", 1), said("bob", 2), said("bob", 1, answer=None)], 1),
        ([said("ann", 1), said("bob", 2), said(None)], 2),
    ],
)
def test_pairs_are_people_who_are_known_and_independent(sources: list[Said], count: int) -> None:
    assert pairs(sources) == count
