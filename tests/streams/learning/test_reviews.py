"""What follows from what reviewers decide."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from schemas import learning as out
from schemas.outcome import DuplicateIgnored, PolicyAdopted, RequestRefused, RetentionAdvanced
from schemas.policy import LearningPolicy, content
from streams.learning.state import Knowledge
from tests.streams.learning.said import (
    OTHER_REVIEWER,
    REVIEWER,
    adopt,
    apply,
    approve,
    assign,
    complaint,
    correction,
    edit,
    forget,
    imported,
    reject,
    release,
    retract,
    revert,
    roll_back,
    tick,
)  # fmt: skip
from tests.streams.learning.story import START, Story, name


@pytest.fixture
def story() -> Story:
    return Story()


@pytest.fixture
def pending(story: Story) -> UUID:
    story.tell(correction("refund|how long?", "days|14 days"))
    return story.item().id


def refusal(story: Story) -> str:
    assert story.kinds == ["RequestRefused"]
    return str(story.the(RequestRefused).reason)


def live(story: Story) -> Knowledge:
    assert len(story.live) == 1
    return story.live[0]


def words(known: Knowledge) -> str:
    assert known.texts.answer is not None
    return known.texts.answer.words


def test_an_approved_item_becomes_knowledge_when_applied(story: Story, pending: UUID) -> None:
    story.tell(approve(pending))
    assert story.the(out.ItemApproved).by == "reviewer"
    story.tell(apply())
    assert story.kinds == ["KnowledgeApplied", "ItemApplied"]
    assert words(live(story)) == "days|14 days"
    assert len(story.feeds) == 1


def test_an_approval_may_carry_the_reviewers_wording(story: Story, pending: UUID) -> None:
    story.tell(approve(pending, edited_content="days|Within 14 days.", category="refunds"))
    assert story.the(out.ItemApproved).edited
    story.tell(apply())
    assert (words(live(story)), live(story).category) == ("days|Within 14 days.", "refunds")


def test_a_complaint_cannot_be_approved_without_an_answer(story: Story) -> None:
    story.tell(complaint("refund|how long?", by="ann"))
    story.tell(approve(story.item().id))
    assert refusal(story) == "answer_required"
    story.tell(approve(story.item().id, edited_content="days|14 days"))
    story.tell(apply())
    assert words(live(story)) == "days|14 days"


def test_a_reviewer_who_saw_another_version_is_refused(story: Story, pending: UUID) -> None:
    story.tell(approve(pending, item_version=1), id="once")
    assert story.item().version == 2
    story.tell(reject(pending, item_version=1))
    assert refusal(story) == "stale"


def test_what_is_decided_cannot_be_decided_otherwise(story: Story, pending: UUID) -> None:
    story.tell(approve(pending))
    story.tell(approve(pending))
    assert refusal(story) == "not_pending"
    story.tell(reject(pending))
    assert story.item().status == "rejected"
    story.tell(reject(pending))
    assert refusal(story) == "not_pending_or_approved"
    story.tell(approve(name("nothing")))
    assert refusal(story) == "unknown"


def test_a_rejected_item_is_compared_with_nothing_more(story: Story, pending: UUID) -> None:
    story.tell(reject(pending))
    story.tell(correction("refund|how long?", "days|14 days", by="partner"))
    assert story.kinds == ["CorrectionStored", "ItemProposed"]
    assert story.the(out.ItemProposed).matches == ()


def test_an_assigned_item_is_its_reviewers(story: Story, pending: UUID) -> None:
    story.tell(assign(pending))
    for verdict in (approve, reject):
        story.tell(verdict(pending, by=OTHER_REVIEWER))
        assert refusal(story) == "assigned"
    story.tell(assign(pending, by=OTHER_REVIEWER))
    assert refusal(story) == "assigned"
    story.tell(release(pending, by=OTHER_REVIEWER))
    assert refusal(story) == "assigned"
    story.tell(release(pending))
    assert story.the(out.ItemReleased).why == "released"
    story.tell(release(pending))
    assert refusal(story) == "not_assigned"
    story.tell(approve(pending, by=OTHER_REVIEWER))
    assert story.kinds == ["ItemApproved"]


def test_assignments_end_with_time(story: Story, pending: UUID) -> None:
    story.tell(assign(pending, by=REVIEWER))
    story.tell(tick())
    assert story.kinds == []
    story.wait(minutes=30)
    story.tell(tick())
    released = story.the(out.ItemReleased)
    assert (released.why, released.shop_id) == ("expired", 7)


def test_applying_takes_the_oldest_first(story: Story) -> None:
    for topic in ("a", "b", "c"):
        story.tell(correction(f"{topic}|?", f"{topic} answer|1"), id=topic)
    for item in reversed(list(story.shop.items.values())):
        story.tell(approve(item.id))
    story.tell(apply(limit=2))
    assert [words(known) for known in story.live] == ["a answer|1", "b answer|1"]


def test_an_item_whose_target_has_changed_goes_back(story: Story, pending: UUID) -> None:
    story.tell(approve(pending))
    story.tell(imported("days|60 days", "refund|how long?"))
    story.tell(apply())
    returned = story.the(out.ItemReturned)
    assert (returned.why, returned.now.target) == ("stale_conflict", live(story).id)
    story.tell(approve(pending))
    story.tell(apply())
    assert words(live(story)) == "days|14 days"


def test_two_items_of_one_topic_applied_together(story: Story, pending: UUID) -> None:
    story.tell(correction("refund|how long?", "days|30 days", by="partner"))
    for item in list(story.shop.items.values()):
        story.tell(approve(item.id))
    story.tell(apply())
    assert story.kinds == ["KnowledgeApplied", "ItemApplied", "ItemReturned"]


def test_an_edit_makes_a_new_version(story: Story) -> None:
    story.tell(imported("days|30 days", "refund|how long?"))
    first = live(story)
    story.tell(edit(first.id, "days|14 days"))
    assert first.superseded_by == live(story).id
    assert live(story).texts.question == first.texts.question
    for change in (edit(first.id, "days|7 days"), retract(first.id)):
        story.tell(change)
        assert refusal(story) == "not_live"


def test_retracted_knowledge_ends(story: Story) -> None:
    story.tell(imported("days|30 days", "refund|how long?"))
    known = live(story).id
    story.tell(correction("refund|how long?", "days|14 days"))
    assert story.item().target == known
    story.tell(retract(known))
    assert story.feeds[0].value is None
    assert (story.live, story.item().target) == ([], None)
    for change in (edit(known, "x|"), retract(known), roll_back(known)):
        story.tell(change)
        assert refusal(story) == "not_live"


def test_rolling_back_the_head_undoes_it(story: Story) -> None:
    story.tell(imported("days|30 days", "refund|how long?", "q1"))
    first = live(story)
    story.tell(correction("refund|how long?", "days|14 days", "urgent"))
    story.tell(roll_back(live(story).id))
    assert story.kinds == ["KnowledgeRolledBack", "KnowledgeRevived", "ItemReturned"]
    assert live(story) is first
    assert (story.item().status, story.item().target) == ("pending", first.id)
    story.tell(imported("days|60 days", "refund|how long?", "q1"))
    assert story.the(out.KnowledgeImported).supersedes == first.id


def test_rolling_back_a_superseded_version_leaves_the_head(story: Story) -> None:
    story.tell(imported("days|30 days", "refund|how long?"))
    first = live(story)
    story.tell(edit(first.id, "days|14 days"))
    second = live(story)
    story.tell(edit(second.id, "days|7 days"))
    third = live(story)
    story.tell(roll_back(second.id))
    assert story.kinds == ["KnowledgeRolledBack", "KnowledgeSuperseded"]
    assert live(story) is third
    assert (third.previous, first.superseded_by) == (first.id, third.id)
    story.tell(roll_back(third.id))
    assert live(story) is first


def test_a_reverted_merge_gives_the_source_its_own_item(story: Story) -> None:
    story.tell(complaint("refund|how long?", by="ann"), id="a")
    item = story.item()
    story.tell(complaint("refund|how long", by="bob", suggested_answer="days|14 days"), id="b")
    story.tell(revert(item.id, name("b")))
    assert story.kinds == ["ItemSplit", "MergeReverted"]
    other = story.shop.items[story.the(out.ItemSplit).item_id]
    assert (item.confidence, item.texts.answer) == (50, None)
    assert other.texts.answer is not None
    story.tell(revert(item.id, name("a")))
    assert refusal(story) == "last_source"
    story.tell(revert(item.id, name("b")))
    assert refusal(story) == "unknown_source"


def test_merges_are_reverted_on_pending_items_alone(story: Story, pending: UUID) -> None:
    story.tell(correction("refund|how long?", "days|14 days", by="partner"), id="b")
    story.tell(approve(pending))
    story.tell(revert(pending, name("b")))
    assert refusal(story) == "not_pending"


def test_an_approved_item_keeps_the_words_that_were_approved(story: Story) -> None:
    story.tell(correction(None, "days|14 days"))
    story.tell(approve(story.item().id))
    story.tell(correction("refund|how long?", "days|14 days", by="partner"))
    assert story.the(out.ItemCorroborated).filled == ()
    assert story.item().texts.question is None
    assert story.item().version == 2


def test_a_policy_comes_into_force_by_an_event(story: Story) -> None:
    before = story.state.policy_hash
    story.tell(adopt(content(LearningPolicy(similarity_threshold=0.9))))
    assert story.the(PolicyAdopted).policy_hash != before
    assert story.state.policy.similarity_threshold == 0.9
    assert story.records[-1].policy == before
    story.tell(adopt({"similarity_threshold": 7}))
    assert "similarity_threshold" in refusal(story)
    story.tell(adopt({}, model="another"))
    assert "another" in refusal(story)


def test_retention_is_decided_in_the_log(story: Story) -> None:
    story.tell(forget(START - timedelta(days=365)))
    assert story.the(RetentionAdvanced).before == START - timedelta(days=365)


def test_an_event_sent_twice_is_decided_once(story: Story, pending: UUID) -> None:
    story.tell(approve(pending), id="same")
    story.tell(approve(pending), id="same")
    assert story.the(DuplicateIgnored).event_id == name("same")
