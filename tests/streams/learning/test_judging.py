"""What a policy that asks for a second pair of eyes would have changed."""

from __future__ import annotations

from uuid import UUID

import pytest

from schemas import learning as out
from schemas.policy import LearningPolicy, TwoPairsOfEyes
from streams.learning.decider import Learning
from streams.learning.judging import Judgement
from streams.trial import Trial
from tests.streams.learning.said import REVIEWER, approve, correction, imported
from tests.streams.learning.story import Story

PLAIN = LearningPolicy()
ASKING = LearningPolicy(two_pairs_of_eyes=TwoPairsOfEyes(urgent_corrections=True, imports=True))
ME = str(REVIEWER)


def told(policy: LearningPolicy) -> tuple[Story, list[UUID]]:
    """Something urgent, an import, and an approval of what the reviewer had said."""
    story = Story(policy)
    urgent = story.tell(correction("refund|how long?", "days|14 days", "urgent", by=ME))
    brought = story.tell(imported("hours|at 9", "opening|when?", "q1", by=ME))
    story.tell(correction("gift|do you wrap?", "wrap|Yes.", by=ME))
    story.tell(correction("gift|do you wrap?", "wrap|Yes.", "urgent", by=ME), source="elsewhere")
    item = next(
        i.id for i in story.shop.items.values() if i.texts.answer and i.texts.answer.words == "wrap|Yes."
    )
    approval = story.tell(approve(item))
    return story, [urgent, brought, approval]


def judged(story: Story, policy: LearningPolicy) -> Judgement:
    found = Judgement()
    for tried in Trial(Learning(), policy, 0).take(story.records):
        found.hear(*tried)
    return found


def test_what_would_wait_for_a_second_pair_of_eyes() -> None:
    trusted = PLAIN.model_copy(update={"urgent_sources": ("tests",)})
    story, ids = told(trusted)
    found = judged(story, ASKING.model_copy(update={"urgent_sources": ("tests",)}))
    assert [(flip.source_id, flip.was, flip.would) for flip in found.flips] == [
        (ids[0], "proposed, approved by urgency", "proposed"),
        (ids[1], "imported", "proposed"),
        (ids[2], "", "refused: own_source"),
    ]
    assert found.reviews == (0, 2)
    assert found.would.counts["approved by the policy"] == 0


def test_what_would_no_longer_wait() -> None:
    story, ids = told(ASKING)
    found = judged(story, PLAIN)
    assert found.reviews == (3, 0)
    assert (ids[1], "proposed", "imported") in [(f.source_id, f.was, f.would) for f in found.flips]


@pytest.mark.parametrize("policy", [PLAIN, ASKING])
def test_the_policy_in_force_changes_nothing(policy: LearningPolicy) -> None:
    story, _ = told(policy)
    for tried in Trial(Learning(), policy, 0).take(story.records):
        assert tried.outcomes == tried.record.outcomes
    assert any(isinstance(o, out.ItemProposed) for record in story.records for o in record.outcomes)
