"""Which of two variants of an answer converts better: one test, at a sample size fixed beforehand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from statsmodels.stats.proportion import proportions_ztest

from schemas.knowledge import KnowledgeProposed


@dataclass(frozen=True, slots=True)
class Variant:
    """The first responses of one variant, as many as the policy's sample size."""

    name: str
    responses: int
    conversions: int

    @property
    def rate(self) -> float:
        """The share that converted, 0 to 1."""
        return self.conversions / self.responses

    def __str__(self) -> str:
        return f"{self.name}: {self.conversions} of {self.responses} ({self.rate:.1%})"


@dataclass(frozen=True, slots=True)
class Win:
    """A variant that converts better than another, and how likely chance would do as much."""

    winner: Variant
    loser: Variant
    p: float


def compare(one: Variant, other: Variant, significance: float) -> Win | None:
    """The winner by a two-sided two-proportion z-test with pooled variance; None where chance will do.

    Source: statsmodels.stats.proportion.proportions_ztest.
    """
    conversions = one.conversions + other.conversions
    if conversions in (0, one.responses + other.responses):
        return None
    _, p = proportions_ztest(
        np.array([one.conversions, other.conversions]), np.array([one.responses, other.responses])
    )
    if p >= significance:
        return None
    winner, loser = (one, other) if one.rate > other.rate else (other, one)
    return Win(winner, loser, float(p))


def proposal(response_type: str, win: Win) -> KnowledgeProposed:
    """A practice for reviewers to look at, with its numbers."""
    return KnowledgeProposed(
        content=(
            f"For {response_type} responses, variant {win.winner.name} converts better than variant "
            f"{win.loser.name}: prefer it."
        ),
        category="best_practice",
        note=f"{win.winner}; {win.loser}; two-proportion z-test, p = {win.p:.2g}",
        origin="assistant",
    )
