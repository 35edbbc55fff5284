"""What reviewers' verdicts say about confidence."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.policy import LearningPolicy
from streams.learning.calibrating import (
    Evidence,
    Judged,
    Method,
    TooLittle,
    calibration_of,
    fit,
    reliability,
)
from streams.learning.confidence import calibrated, confidence
from tests.streams.learning.said import (
    apply,
    approve,
    correction,
    proposal,
    reject,
    retract,
    revert,
    roll_back,
)  # fmt: skip
from tests.streams.learning.story import Story
from tests.streams.learning.test_properties import REPORTS, REVIEWS, tell

METHODS: tuple[Method, ...] = ("isotonic", "logistic")
CALIBRATED = LearningPolicy(calibration=((0, 0), (99, 50)))


def heard(story: Story) -> Evidence:
    evidence = Evidence()
    evidence.hear(story.records)
    return evidence


def verdicts(story: Story) -> list[tuple[int, bool]]:
    return [(each.confidence, each.approved) for each in heard(story).judged]


# What is known from the log


def test_an_item_counts_with_what_the_formula_said_when_it_was_judged() -> None:
    story = Story(CALIBRATED)
    story.tell(correction("a|?", "x|1 day", by="ann"))
    story.tell(correction("a|?", "x|1 day", by="bob"))
    assert story.item().confidence == 48
    story.tell(approve(story.item().id))
    story.tell(correction("a|?", "x|1 day", by="cid"))
    story.tell(proposal("y|other", "b|?"), shop=8)
    assert verdicts(story) == [(96, True)]
    assert heard(story).judged[0].shop_id == story.shop_id


def test_a_source_that_left_does_not_count() -> None:
    story = Story()
    story.tell(correction("a|?", "x|1 day", by="ann"))
    joined = story.tell(correction("a|?", "x|1 day", by="bob"))
    item = story.item().id
    story.tell(revert(item, joined))
    for id in list(story.shop.items):
        story.tell(reject(id))
    assert verdicts(story) == [(80, False), (80, False)]


@pytest.mark.parametrize("undo", [retract, roll_back])
def test_what_is_undone_later_was_no_approval(undo: Any) -> None:
    story = Story()
    story.tell(correction("a|?", "x|1 day"))
    story.tell(approve(story.item().id))
    story.tell(apply())
    story.tell(undo(story.live[0].id))
    assert verdicts(story) == [(80, False)]


def test_what_the_policy_approved_by_itself_can_only_be_undone() -> None:
    """Those that were right have no verdict: to count the others would make every confidence look too high."""
    story = Story()
    story.tell(correction("a|?", "x|1 day", "urgent"))
    assert verdicts(story) == []
    story.tell(roll_back(story.live[0].id))
    assert verdicts(story) == []
    assert heard(story).one_sided == {(story.shop_id, story.item().id)}
    story.tell(approve(story.item().id))
    assert verdicts(story) == [(95, True)]


@settings(max_examples=60, deadline=None)
@given(st.lists(REPORTS | REVIEWS, max_size=25))
def test_the_sources_of_every_item_are_known(history: list[Any]) -> None:
    story = tell(history)
    evidence = heard(story)
    found = {id: confidence(sources) for (_, id), sources in evidence._sources.items()}
    assert found == {id: item.confidence for id, item in story.shop.items.items()}


# What is fitted


def reviewed(truth: dict[int, float], shops: int = 10, each: int = 40) -> list[Judged]:
    """In every shop so many items of each confidence, these shares of them approved."""
    return [
        Judged(shop, percent, n < share * each)
        for shop in range(1, shops + 1)
        for percent, share in truth.items()
        for n in range(each)
    ]


OVERCONFIDENT = {45: 0.05, 50: 0.1, 60: 0.2, 80: 0.5, 90: 0.7, 96: 0.85}


@pytest.mark.parametrize("method", METHODS)
def test_confidence_becomes_what_reviewers_say(method: Method) -> None:
    found = calibration_of(reviewed(OVERCONFIDENT), method, 5, ())
    assert found.before.ece == pytest.approx((0.4 + 0.4 + 0.4 + 0.3 + 2 * 0.155) / 6)
    assert found.after.ece < 0.05
    assert found.after.brier < found.before.brier
    for percent, share in OVERCONFIDENT.items():
        assert calibrated(percent, found.knots) == pytest.approx(100 * share, abs=6)
    assert LearningPolicy(calibration=found.knots).calibration == found.knots


@pytest.mark.parametrize("method", METHODS)
def test_where_confidence_misleads_all_items_are_worth_the_same(method: Method) -> None:
    found = calibration_of(reviewed({50: 0.9, 90: 0.3}), method, 5, ())
    assert calibrated(50, found.knots) == calibrated(90, found.knots) == pytest.approx(60, abs=3)


def test_what_is_told_is_of_shops_that_had_no_part_in_it() -> None:
    """Each shop has a confidence of its own, and all its items one verdict: nothing to learn for another shop."""
    judged = [Judged(shop, 40 + shop, bool(shop % 2)) for shop in range(20) for _ in range(10)]
    found = calibration_of(judged, "isotonic", 20, ())
    own = reliability(judged, [calibrated(each.confidence, found.knots) for each in judged])
    assert found.after.brier > own.brier


def test_a_calibration_is_compared_with_the_one_before() -> None:
    judged = reviewed(OVERCONFIDENT)
    first = calibration_of(judged, "isotonic", 5, ())
    again = calibration_of(judged, "isotonic", 5, first.knots)
    assert again.before.ece < 0.05 < first.before.ece
    assert (again.knots, again.after) == (first.knots, first.after)


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(METHODS),
    st.lists(st.tuples(st.integers(1, 99), st.booleans()), min_size=2).filter(
        lambda found: len({approved for _, approved in found}) == 2
    ),
)
def test_whatever_was_judged_a_policy_can_hold_it(method: Method, found: list[tuple[int, bool]]) -> None:
    judged = [Judged(1, percent, approved) for percent, approved in found]
    knots = fit(method, judged)
    assert LearningPolicy(calibration=knots).calibration == knots
    assert 1 <= len(knots) <= 100


def test_errors_are_those_of_ten_bins() -> None:
    """Two items of 20 and 25 percent, one approved; two of 99, both approved."""
    judged = [Judged(1, 20, False), Judged(1, 25, True), Judged(1, 99, True), Judged(1, 99, True)]
    found = reliability(judged, [each.confidence for each in judged])
    assert [(each.low, each.count, each.approved) for each in found.bins] == [(20, 2, 0.5), (90, 2, 1.0)]
    assert found.ece == pytest.approx((0.275 + 0.01) / 2)
    assert found.brier == pytest.approx((0.2**2 + 0.75**2 + 2 * 0.01**2) / 4)


# What cannot be fitted


@pytest.mark.parametrize(
    ("judged", "words"),
    [
        ([], "reviewers judged 0 items, and 5 folds need at least 50"),
        (reviewed({50: 0.5}, each=4), "reviewers judged 40 items, and 5 folds need at least 50"),
        (reviewed({50: 1.0}), "reviewers approved all 400 items: there is nothing to tell apart"),
        (reviewed({50: 0.0}), "reviewers rejected all 400 items: there is nothing to tell apart"),
        (
            reviewed({50: 0.5}, shops=4),
            "the 160 verdicts come from 4 shops, which cannot be divided into 5 folds",
        ),
        (
            [Judged(shop, 50, shop == 1) for shop in range(1, 6) for _ in range(20)],
            "all 80 verdicts outside one fold of shops are the same",
        ),
    ],
)
def test_what_is_too_little_is_said_with_numbers(judged: list[Judged], words: str) -> None:
    with pytest.raises(TooLittle) as refused:
        calibration_of(judged, "isotonic", 5, ())
    assert words in str(refused.value)
