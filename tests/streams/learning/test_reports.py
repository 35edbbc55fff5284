"""What follows from what services report."""

from __future__ import annotations

import pytest

from schemas import learning as out
from schemas.correction import Priority
from schemas.enriched import Embedded
from schemas.policy import LearningPolicy
from schemas.stored import CallStored, ConversationStored
from tests.streams.learning.said import (
    apply,
    approve,
    call,
    complaint,
    conversation,
    correction,
    imported,
    praise,
    proposal,
)  # fmt: skip
from tests.streams.learning.story import Story, between, name, tagged


@pytest.fixture
def story() -> Story:
    return Story()


def test_two_customers_complaining_make_one_stronger_item(story: Story) -> None:
    story.tell(complaint("refund|how long?", by="ann"))
    assert story.the(out.ItemProposed).now.confidence == 50
    story.tell(complaint("refund|when is my money back?", by="bob"))
    assert story.the(out.ItemCorroborated).now.confidence == 75
    assert len(story.shop.items) == 1


def test_one_customer_complaining_twice_counts_once(story: Story) -> None:
    story.tell(complaint("refund|how long?", by="ann"))
    story.tell(complaint("refund|how long??", by="ann"))
    assert story.the(out.ItemCorroborated).now.confidence == 50


def test_praise_is_stored_and_nothing_more(story: Story) -> None:
    story.tell(praise())
    assert story.kinds == ["FeedbackStored"]


def test_a_complaint_without_words_makes_no_item(story: Story) -> None:
    story.tell(complaint())
    assert story.kinds == ["FeedbackStored"]


def test_a_complaint_joins_the_item_without_an_answer_and_fills_it(story: Story) -> None:
    story.tell(complaint("refund|how long?", by="ann"))
    story.tell(complaint("refund|how long", by="bob", suggested_answer="days|14 days"))
    corroborated = story.the(out.ItemCorroborated)
    assert corroborated.filled == ("answer",)
    assert corroborated.now.version == 2
    assert story.item().texts.answer.words == "days|14 days"  # type: ignore[union-attr]


def test_a_complaint_about_the_items_own_answer_disputes_it(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|14 days"))
    story.tell(complaint("refund|how long?", by="bob", response="days|14 days"))
    assert story.kinds == ["FeedbackStored", "ItemDisputed"]
    assert story.item().confidence == 80


def test_a_complaint_never_speaks_for_an_answer(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|14 days"))
    story.tell(complaint("refund|how long?", by="bob", suggested_answer="days|14 days"))
    assert story.kinds == ["FeedbackStored", "ItemRelated"]
    story.tell(complaint("refund|how long?", by="cyd", reason="rude|so rude"))
    assert story.kinds == ["FeedbackStored", "ItemRelated"]
    assert story.item().confidence == 80


def test_a_complaint_with_another_answer_is_a_conflict(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|14 days"))
    first = story.item()
    story.tell(complaint("refund|how long?", by="bob", suggested_answer="days|30 days"))
    assert story.the(out.ItemProposed).conflicts_with == (first.id,)


def test_a_complaint_about_knowledge_disputes_it_and_aims_at_it(story: Story) -> None:
    story.tell(imported("days|30 days", "refund|how long?"))
    known = story.live[0]
    story.tell(complaint("refund|how long?", by="ann", response="days|30 days"))
    assert story.kinds == ["FeedbackStored", "KnowledgeDisputed", "ItemProposed"]
    assert story.item().target == known.id
    assert known.disputes == 1
    story.tell(complaint("other|what?", by="bob", cited_knowledge_ids=[known.id], reason="no|bad"))
    assert known.disputes == 2


def test_a_complaint_about_another_answer_disputes_nothing(story: Story) -> None:
    story.tell(imported("days|30 days", "refund|how long?"))
    story.tell(complaint("refund|how long?", by="ann", response="days|90 days"))
    assert story.kinds == ["FeedbackStored", "ItemProposed"]


@pytest.mark.parametrize(("priority", "worth"), [("low", 70), ("normal", 80), ("high", 90)])
def test_a_correction_is_worth_its_priority(story: Story, priority: Priority, worth: int) -> None:
    story.tell(correction("refund|how long?", "days|14 days", priority))
    assert (story.item().confidence, story.item().status) == (worth, "pending")


def test_answers_that_look_alike_but_differ_in_a_number_conflict(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|14 days"))
    story.tell(correction("refund|how long?", "days|30 days", by="partner"))
    assert story.kinds == ["CorrectionStored", "ItemProposed"]
    first, second = story.shop.items.values()
    assert first.conflicts == {second.id}
    assert second.conflicts == {first.id}


def test_answers_that_look_alike_but_deny_conflict(story: Story) -> None:
    story.tell(correction("delivery|is it free?", "free|free delivery over 50"))
    story.tell(correction("delivery|is it free?", "free|no free delivery over 50", by="partner"))
    assert story.the(out.ItemProposed).conflicts_with


def test_answers_are_compared_where_a_question_is_missing(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|within 14 days"))
    story.tell(correction(None, "days|14 days", by="partner"))
    assert story.the(out.ItemCorroborated).matches[0].by == "answer"


def test_complaints_are_compared_with_complaints_alone(story: Story) -> None:
    story.tell(complaint(by="ann", reason="slow|nothing came"))
    story.tell(correction(None, "slow|nothing came"))
    assert story.kinds == ["CorrectionStored", "ItemProposed"]
    story.tell(call("slow|nothing came", sentiment="negative", actor_id="bob"))
    assert story.the(out.ItemCorroborated).matches[0].by == "complaint"


def test_similarity_is_held_against_the_threshold_to_four_decimals(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|14 days"))
    near = {"question": Embedded(between("refund", "x", 0.86))}
    story.tell(correction("nearly|how long?", "days|14 days", by="bob"), vectors=near)
    assert story.the(out.ItemCorroborated).similarity == pytest.approx(0.86, abs=1e-4)
    far = {"question": Embedded(between("refund", "x", 0.84))}
    story.tell(correction("less|how long?", "days|14 days", by="cyd"), vectors=far)
    assert "ItemProposed" in story.kinds


def test_truncated_texts_are_the_same_only_if_equal(story: Story) -> None:
    cut = {"question": Embedded(tagged("refund"), truncated=True)}
    story.tell(complaint("refund|how long?", by="ann"), vectors=cut)
    story.tell(complaint("refund|and the rest", by="bob"), vectors=cut)
    assert "ItemProposed" in story.kinds
    story.tell(complaint("Refund|  HOW long", by="cyd"), vectors=cut)
    assert "ItemCorroborated" in story.kinds


def test_an_urgent_correction_is_applied_at_once(story: Story) -> None:
    story.tell(imported("days|30 days", "refund|how long?"))
    old = story.live[0]
    story.tell(correction("refund|how long?", "days|14 days", "urgent"))
    assert story.kinds == [
        "CorrectionStored", "ItemProposed", "ItemApproved", "KnowledgeApplied", "ItemApplied", "KnowledgeSuperseded",
    ]  # fmt: skip
    assert [k.texts.answer.words for k in story.live] == ["days|14 days"]  # type: ignore[union-attr]
    assert old.superseded_by == story.live[0].id
    assert [feed.value is None for feed in story.feeds] == [False, True]


def test_an_urgent_correction_of_an_untrusted_source_waits() -> None:
    story = Story(LearningPolicy(urgent_sources=("shop-app/*",)))
    story.tell(correction("refund|how long?", "days|14 days", "urgent"), source="elsewhere")
    assert story.item().status == "pending"
    story.tell(correction("opening|when?", "hours|at 9", "urgent"), source="shop-app/pos")
    assert story.the(out.KnowledgeApplied)


def test_an_urgent_correction_applies_the_item_that_says_the_same(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|14 days"))
    story.tell(correction("refund|how long?", "days|14 days", "urgent", by="partner"))
    assert story.item().status == "applied"


def test_an_urgent_correction_retargets_the_others_of_its_topic(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|30 days"))
    other = story.item()
    story.tell(correction("refund|how long?", "days|14 days", "urgent", by="partner"))
    assert story.the(out.ItemRetargeted).item_id == other.id
    assert (other.status, other.target, other.version) == ("pending", story.live[0].id, 2)


def test_only_an_angry_call_becomes_an_item(story: Story) -> None:
    story.tell(call("slow|my order is late", sentiment="positive"))
    assert story.kinds == ["CallStored"]
    story.tell(call("slow|my order is late", "late|where is it?", "van|on its way"), mood="negative")
    assert story.the(CallStored).analyser == "tests"
    assert story.item().confidence == 45
    assert story.item().texts.question.words == "late|where is it?"  # type: ignore[union-attr]


def test_an_owner_who_answers_after_a_handoff_proposes_an_update(story: Story) -> None:
    turns = (
        ("user", "hello|hi"), ("user", "refund|how long does it take?"), ("assistant", "no|I don't know."),
        ("owner", "days|It takes 14 days."), ("user", "thanks|thank you"), ("owner", "bye|My pleasure."),
    )  # fmt: skip
    story.tell(conversation("c", *turns), mood="negative")
    assert story.kinds == ["ConversationStored", "ItemProposed"]
    assert story.the(ConversationStored).review_reasons == (
        "handed_off", "assistant_did_not_know", "negative_customer",
    )  # fmt: skip
    assert story.item().texts.question.words == "refund|how long does it take?"  # type: ignore[union-attr]
    assert story.item().confidence == 60


def test_a_conversation_sent_again_is_decided_only_from_where_it_ended(story: Story) -> None:
    turns = [("user", "refund|how long?"), ("owner", "days|14 days")]
    story.tell(conversation("c", *turns))
    story.tell(conversation("c", *turns))
    assert story.kinds == ["ConversationStored"]
    story.tell(conversation("c", *turns, ("user", "opening|when?"), ("owner", "hours|at nine")))
    assert story.kinds == ["ConversationStored", "ItemProposed"]
    story.tell(conversation("c", *turns))
    assert story.kinds == ["ConversationOutdated"]


def test_without_a_handoff_a_conversation_is_only_stored(story: Story) -> None:
    story.tell(conversation("c", ("user", "refund|how long?"), ("owner", "days|14 days"), handoff=False))
    assert story.kinds == ["ConversationStored"]


def test_what_was_said_from_the_knowledge_base_is_no_evidence_for_it(story: Story) -> None:
    story.tell(imported("days|30 days", "refund|how long?"))
    known = story.live[0].id
    story.tell(proposal("days|30 days", "refund|how long?", origin="assistant"))
    assert story.the(out.EchoIgnored).why == "assistant"
    story.tell(correction("refund|how long?", "days|30 days", cited_knowledge_ids=[known]))
    assert story.the(out.EchoIgnored).why == "cited"
    story.tell(complaint("other|?", by="ann", conversation="talk", cited_knowledge_ids=[known]))
    story.tell(correction("refund|how long?", "days|30 days", conversation="talk"))
    assert story.the(out.EchoIgnored).why == "cited"
    story.wait(days=31)
    story.tell(correction("refund|how long?", "days|30 days", conversation="talk"))
    assert story.the(out.KnowledgeConfirmed)


def test_a_proposal_is_an_item(story: Story) -> None:
    story.tell(proposal("days|14 days", "refund|how long?", category="refunds"))
    assert (story.item().confidence, story.item().category) == (80, "refunds")


def test_auto_approval_needs_two_groups_and_no_conflict() -> None:
    story = Story(LearningPolicy(auto_approve_at=90))
    story.tell(correction("refund|how long?", "days|14 days", "urgent"), source="x")
    assert story.live  # the default trusts all with urgency
    story = Story(LearningPolicy(auto_approve_at=90))
    story.tell(correction("a|?", "x|1", "high"))
    assert story.item().status == "pending"
    story.tell(correction("a|?", "x|1", "high", by="partner"))
    assert story.the(out.ItemApproved).by == "confidence"
    story.tell(correction("b|?", "y|1", "high"))
    story.tell(correction("b|?", "y|2", "high", by="cyd"))
    story.tell(correction("b|?", "y|1", "high", by="partner"))
    assert story.kinds == ["CorrectionStored", "ItemCorroborated"]


def test_two_shops_never_meet() -> None:
    story = Story()
    for shop in (7, 8):
        story.tell(correction("refund|how long?", "days|14 days"), id="same", shop=shop)
        assert story.kinds == ["CorrectionStored", "ItemProposed"]
    items = [story.state.domain.shop(s).items for s in (7, 8)]
    assert not items[0].keys() & items[1].keys()


def test_knowledge_that_says_the_same_is_confirmed_by_applying(story: Story) -> None:
    story.tell(correction("refund|how long?", "days|14 days"))
    story.tell(approve(story.item().id))
    story.tell(imported("days|14 days", "refund|how long?"))
    story.tell(apply())
    assert story.kinds == ["KnowledgeConfirmed", "ItemApplied"]
    assert story.item().status == "applied"


def test_the_answer_is_named_by_where_it_stands(story: Story) -> None:
    story.tell(complaint("refund|how long?", by="ann"), id="e")
    assert story.the(out.ItemProposed).parts.question == "question"
    assert story.the(out.ItemProposed).source.source_id == name("e")
