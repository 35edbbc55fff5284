"""What an experiment that was won proposes."""

from __future__ import annotations

from projections.learning.jobs import Winner
from schemas.knowledge import KnowledgeProposed


def proposal(win: Winner) -> KnowledgeProposed:
    """A practice for reviewers to look at, with its numbers."""
    best, other = _told(win.variant, win.conversions, win), _told(win.other, win.other_conversions, win)
    return KnowledgeProposed(
        content=(
            f"For {win.response_type} responses, variant {win.variant} converts better than variant {win.other}: "
            f"prefer it."
        ),
        category="best_practice",
        note=f"{best}; {other}; two-proportion z-test at a fixed sample size, p = {win.p_value:.2g}",
        origin="assistant",
    )


def _told(variant: str, conversions: int, win: Winner) -> str:
    return f"{variant}: {conversions} of {win.sample_size} converted ({conversions / win.sample_size:.1%})"
