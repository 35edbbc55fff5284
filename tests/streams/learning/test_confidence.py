from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import learning as out
from schemas.policy import Knots, LearningPolicy
from schemas.standing import Source
from streams.learning.confidence import calibrated, confidence, groups
from tests.streams.learning.said import correction, revert
from tests.streams.learning.story import Story, name

PERCENTS = st.integers(0, 100)
KNOTS = st.dictionaries(PERCENTS, PERCENTS).map(
    lambda found: tuple(zip(sorted(found), sorted(found.values()), strict=True))
)


def source(worth: int, actor: str | None = None, talk: str | None = None) -> Source:
    conversation = name(talk) if talk else None
    return Source(
        source_id=name(f"{worth}{actor}{talk}"), source_type="feedback", base_confidence=worth,
        conversation_id=conversation, actor_id=actor,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([source(50, "ann")], 50),
        ([source(50, "ann"), source(50, "bob")], 75),
        ([source(50, "ann"), source(80, "bob")], 90),
        ([source(50, "ann"), source(80, "ann")], 80),
        ([source(50), source(50, talk="c")], 50),
        ([source(50, "ann", "c"), source(50, "bob", "c")], 50),
        ([source(45, "ann"), source(45, "bob")], 70),
        ([source(95, "ann"), source(95, "bob")], 99),
        ([source(95, str(n)) for n in range(9)], 99),
    ],
)
def test_confidence_of_independent_sources(sources: list[Source], expected: int) -> None:
    assert confidence(sources) == expected


def test_one_source_can_join_two_groups() -> None:
    apart = [source(50, "ann", "c"), source(60, "bob", "d")]
    assert len(groups(apart)) == 2
    assert len(groups([*apart, source(45, "ann", "d")])) == 1


# Calibrated


@given(st.integers(0, 99))
def test_without_knots_confidence_stands_as_it_is(percent: int) -> None:
    assert calibrated(percent, ()) == percent
    assert calibrated(percent, ((0, 0), (100, 100))) == percent


@given(KNOTS, st.lists(st.integers(0, 99), min_size=1))
def test_a_calibration_never_turns_two_items_round(knots: Knots, percents: list[int]) -> None:
    assert LearningPolicy(calibration=knots).calibration == knots
    found = [calibrated(percent, knots) for percent in sorted(percents)]
    assert found == sorted(found)
    assert 0 <= found[0] <= found[-1] <= 99


@given(KNOTS.filter(bool))
def test_the_line_goes_through_its_knots_and_on_beyond_them(knots: Knots) -> None:
    assert [calibrated(x, knots) for x, _ in knots] == [min(y, 99) for _, y in knots]
    assert calibrated(0, knots) == min(knots[0][1], 99)
    assert calibrated(100, knots) == min(knots[-1][1], 99)


def test_between_knots_it_is_a_straight_line_rounded_half_up() -> None:
    knots = ((50, 20), (60, 25), (90, 100))
    assert [calibrated(percent, knots) for percent in (51, 52, 53, 75, 88)] == [21, 21, 22, 63, 95]


def test_every_confidence_of_the_decider_is_calibrated() -> None:
    """Corrections are worth 80, two of them 96; 80 is 40 here, and 96 is 70."""
    story = Story(LearningPolicy(calibration=((80, 40), (96, 70))))
    story.tell(correction("a|?", "x|1 day", by="ann"))
    assert story.the(out.ItemProposed).now.confidence == 40
    joined = story.tell(correction("a|?", "x|1 day", by="bob"))
    assert story.the(out.ItemCorroborated).now.confidence == 70
    story.tell(revert(story.item().id, joined))
    assert story.the(out.ItemSplit).now.confidence == 40
    assert story.the(out.MergeReverted).now.confidence == 40


@pytest.mark.parametrize(("at_96", "approves"), [(90, True), (89, False)])
def test_the_policy_approves_by_calibrated_confidence(at_96: int, approves: bool) -> None:
    story = Story(LearningPolicy(auto_approve_at=90, calibration=((80, 40), (96, at_96))))
    story.tell(correction("a|?", "x|1 day", by="ann"))
    story.tell(correction("a|?", "x|1 day", by="bob"))
    assert ("ItemApproved" in story.kinds) is approves
