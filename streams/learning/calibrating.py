"""What a confidence is worth: fitted to the verdicts of reviewers, and tried on shops that it was not fitted to.

scikit-learn takes a second to import, so it is imported where something is fitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
import numpy.typing as npt

from schemas import learning as out
from schemas.outcome import Outcome
from schemas.policy import Knots
from schemas.record import Record
from schemas.standing import Source
from streams.learning.confidence import calibrated, confidence
from streams.learning.verdicts import ItemKey, Verdicts

Method = Literal["isotonic", "logistic"]

FEWEST = 10
"""Verdicts for each fold: with fewer, what is said of the shops left out is chance."""
WIDTH = 10
"""Of a bin of confidences, in percent. None is over 99."""
STEP = 5
"""Between the knots of a logistic curve, in percent."""


class TooLittle(Exception):
    """These verdicts are not enough to fit and to try a calibration; the sentence gives the numbers."""


@dataclass(frozen=True, slots=True)
class Judged:
    """An item's confidence by the formula, in percent, when a reviewer judged it, and the verdict."""

    shop_id: int
    confidence: int
    approved: bool


class Evidence:
    """Hears a log record by record, and knows what reviewers judged.

    An item that the policy approved by itself is judged by reviewers only when it was wrong: those verdicts are
    `one_sided`, and count for nothing.
    """

    def __init__(self) -> None:
        self._reviewers = Verdicts()
        self._sources: dict[ItemKey, list[Source]] = {}
        self._by_policy: set[ItemKey] = set()
        self._judged: dict[ItemKey, Judged] = {}
        self.one_sided: set[ItemKey] = set()

    def hear(self, records: Sequence[Record]) -> None:
        """The next records of one partition."""
        for record in records:
            for outcome in record.outcomes:
                self._learn(outcome)

    @property
    def judged(self) -> list[Judged]:
        """One for each item that has a verdict: the last one."""
        return list(self._judged.values())

    def _learn(self, outcome: Outcome) -> None:
        match outcome:
            case out.ItemProposed() | out.ItemSplit():
                self._sources[outcome.shop_id, outcome.item_id] = [outcome.source]
            case out.ItemCorroborated():
                self._sources[outcome.shop_id, outcome.item_id].append(outcome.source)
            case out.MergeReverted(shop_id=shop, item_id=id):
                self._sources[shop, id] = [
                    each for each in self._sources[shop, id] if each.source_id != outcome.source_id
                ]
            case out.ItemApproved(reviewer_id=None):
                self._by_policy.add((outcome.shop_id, outcome.item_id))
            case out.ItemReturned():
                self._by_policy.discard((outcome.shop_id, outcome.item_id))
        if (verdict := self._reviewers.hear(outcome)) is not None:
            self._judge(*verdict)

    def _judge(self, item: ItemKey, verdict: bool) -> None:
        if item in self._by_policy:
            self.one_sided.add(item)
        else:
            self._judged[item] = Judged(item[0], confidence(self._sources[item]), verdict)


# How good a confidence is


@dataclass(frozen=True, slots=True)
class Bin:
    """The items whose confidence is at least `low` percent, and below `low` + `WIDTH`: what it says on average, and
    the share that was approved.
    """

    low: int
    count: int
    said: float
    approved: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How confidences in percent fit verdicts."""

    bins: tuple[Bin, ...]
    brier: float
    """The mean of (confidence − verdict)², confidence from 0 to 1, verdict 0 or 1: lower is better."""

    @property
    def ece(self) -> float:
        """Expected calibration error: the bins' |mean confidence − share approved|, weighted by their items.

        Naeini, Cooper and Hauskrecht, Obtaining Well Calibrated Probabilities Using Bayesian Binning (2015).
        """
        total = sum(each.count for each in self.bins)
        return sum(each.count * abs(each.said - each.approved) for each in self.bins) / total


def reliability(judged: Sequence[Judged], percents: Sequence[int]) -> Reliability:
    """Of what these items' confidence is said to be, in ten bins of equal width; there is at least one item."""
    said, verdicts = np.array(percents) / 100, np.array([each.approved for each in judged], dtype=float)
    places = np.array(percents) // WIDTH
    bins = []
    for place in np.unique(places):
        here = places == place
        bins.append(
            Bin(int(place) * WIDTH, int(here.sum()), float(said[here].mean()), float(verdicts[here].mean()))
        )
    return Reliability(tuple(bins), float(np.mean((said - verdicts) ** 2)))


# Fitting


@dataclass(frozen=True, slots=True)
class Calibration:
    """What verdicts say about confidence: how good it was, and how good it is by the knots that fit best.

    `after` is of shops that had no part in it: each fold's is told by knots that were fitted to the others.
    """

    method: Method
    folds: int
    judged: Sequence[Judged]
    knots: Knots
    before: Reliability
    after: Reliability


def calibration_of(judged: Sequence[Judged], method: Method, folds: int, known: Knots) -> Calibration:
    """Fits these verdicts, and compares with the calibration known so far.

    Raises:
        TooLittle: if they are too few, or too much the same.
    """
    check(judged, folds)
    return Calibration(
        method,
        folds,
        judged,
        knots=fit(method, judged),
        before=reliability(judged, [calibrated(each.confidence, known) for each in judged]),
        after=reliability(judged, across_shops(method, judged, folds)),
    )


def fit(method: Method, judged: Sequence[Judged]) -> Knots:
    """The calibration that fits these verdicts best, of all that never fall."""
    return METHODS[method](
        np.array([each.confidence for each in judged], dtype=float),
        np.array([each.approved for each in judged], dtype=float),
    )


def across_shops(method: Method, judged: Sequence[Judged], folds: int) -> list[int]:
    """What each item's confidence becomes by a calibration fitted without its shop's fold, in percent.

    Raises:
        TooLittle: if that cannot be done with these.
    """
    from sklearn.model_selection import GroupKFold

    found = [0] * len(judged)
    parts = GroupKFold(n_splits=folds).split(judged, groups=[each.shop_id for each in judged])
    for others, own in parts:
        known = [judged[place] for place in others]
        if len({each.approved for each in known}) < 2:
            raise TooLittle(
                f"all {len(known):,} verdicts outside one fold of shops are the same: take other --folds, or wait "
                "for more verdicts"
            )
        knots = fit(method, known)
        for place in own:
            found[place] = calibrated(judged[place].confidence, knots)
    return found


def check(judged: Sequence[Judged], folds: int) -> None:
    """Whether there is enough to learn from.

    Raises:
        TooLittle: saying what is missing.
    """
    shops, approved = len({each.shop_id for each in judged}), sum(each.approved for each in judged)
    if len(judged) < FEWEST * folds:
        raise TooLittle(
            f"reviewers judged {len(judged):,} items, and {folds} folds need at least {FEWEST * folds:,}"
        )
    if approved in (0, len(judged)):
        word = "approved" if approved else "rejected"
        raise TooLittle(f"reviewers {word} all {len(judged):,} items: there is nothing to tell apart")
    if shops < folds:
        raise TooLittle(
            f"the {len(judged):,} verdicts come from {shops:,} shops, which cannot be divided into {folds} folds"
        )


Numbers = npt.NDArray[np.float64]


def _isotonic(confidences: Numbers, verdicts: Numbers) -> Knots:
    """Steps that never fall, with straight lines between them."""
    from sklearn.isotonic import IsotonicRegression

    fitted = IsotonicRegression(y_min=0, y_max=1).fit(confidences, verdicts)
    return _thinned(_knots(zip(fitted.X_thresholds_, fitted.y_thresholds_, strict=True)))


def _logistic(confidences: Numbers, verdicts: Numbers) -> Knots:
    """Platt's scaling of the confidence's log-odds; where that would fall, the share that was approved."""
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression().fit(_log_odds(confidences), verdicts)
    grid = np.arange(0, 101, STEP, dtype=float)
    if fitted.coef_[0, 0] > 0:
        heights = fitted.predict_proba(_log_odds(grid))[:, 1]
    else:
        heights = np.full(len(grid), verdicts.mean())
    return _knots(zip(grid, heights, strict=True))


METHODS: Mapping[Method, Callable[[Numbers, Numbers], Knots]] = {
    "isotonic": _isotonic,
    "logistic": _logistic,
}


def _log_odds(percents: Numbers) -> Numbers:
    """One column. Nothing is certain: 0 and 100 count as 1 and 99."""
    share = np.clip(percents, 1, 99) / 100
    return np.log(share / (1 - share))[:, np.newaxis]


def _knots(points: Iterator[tuple[float, float]]) -> Knots:
    return tuple((round(x), int(100 * y + 0.5)) for x, y in points)


def _thinned(knots: Knots) -> Knots:
    """Without those on the straight line between their neighbours."""
    kept = [
        here
        for before, here, after in zip(knots, knots[1:], knots[2:], strict=False)
        if _slope(before, here) != _slope(here, after)
    ]
    return tuple(dict.fromkeys((knots[0], *kept, knots[-1])))


def _slope(left: tuple[int, int], right: tuple[int, int]) -> Fraction:
    return Fraction(right[1] - left[1], right[0] - left[0])
