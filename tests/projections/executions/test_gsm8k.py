"""Graded answers of two models, from a public file to what is asked: it is what the file itself says."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from cli.importers import IMPORTERS, Plan
from cli.importers.gsm8k import confidence, tier
from projections.executions.projection import PROJECTION
from projections.executions.queries import ExecutionQueries
from tests.projections.executions.conftest import Show
from tests.streams.executions.tasks import MORNING, Partition

REAL = Path(__file__).parents[4] / "shared" / "data" / "gsm8k_responses.csv"
QUESTIONS = 200


def graded(path: Path) -> Mapping[str, Sequence[tuple[float, bool]]]:
    """Confidence and grade of each answer, by tier, read from the file with nothing of ours."""
    found = defaultdict(list)
    with path.open(newline="", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(file)):
            if number < QUESTIONS:
                for model in (name for name in row if f"{name}_response" in row):
                    found[tier(model)].append((confidence(row["prompt"]), row[model] == "True"))
    return found


async def test_the_best_model_and_the_calibration_are_those_of_the_file(
    pool: asyncpg.Pool, show: Show
) -> None:
    if not REAL.exists():
        pytest.skip(f"{REAL.name} is not at hand: it is looked for in shared/data beside the repository")
    expected = graded(REAL)
    partition = Partition()
    events = IMPORTERS["gsm8k"].events(REAL, Plan((1,), MORNING, timedelta(seconds=1)))
    for _, event in zip(range(2 * len(expected) * QUESTIONS), events, strict=False):
        partition.hear(event)
    await show(partition)
    ask = ExecutionQueries(pool, PROJECTION)
    best, *others = await ask.best("gsm8k", "math_word_problem")
    rates = {name: sum(right for _, right in each) / len(each) for name, each in expected.items()}
    assert best["model_tier"] == max(rates, key=lambda name: rates[name])
    assert {row["model_tier"]: row["success_rate"] for row in (best, *others)} == pytest.approx(rates)
    for row in await ask.calibration():
        answers = expected[row["model_tier"]]
        assert row["runs"] == len(answers) == QUESTIONS
        assert row["mean_confidence"] == pytest.approx(sum(sure for sure, _ in answers) / len(answers))
        assert row["brier"] == pytest.approx(
            sum((sure - right) ** 2 for sure, right in answers) / len(answers)
        )
