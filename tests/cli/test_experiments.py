"""What is proposed after an experiment tells its numbers."""

from __future__ import annotations

from cli.experiments import proposal
from projections.learning.jobs import Winner


def test_the_proposal_tells_its_numbers() -> None:
    said = proposal(Winner(7, "greeting", "B", "A", 100, 60, 500, 0.00056))
    assert (said.category, said.origin) == ("best_practice", "assistant")
    assert said.content == "For greeting responses, variant B converts better than variant A: prefer it."
    assert said.note == (
        "B: 100 of 500 converted (20.0%); A: 60 of 500 converted (12.0%); "
        "two-proportion z-test at a fixed sample size, p = 0.00056"
    )
