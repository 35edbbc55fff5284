"""What the scheduler does with the tables: refresh the views, and find variants that won."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
from asyncpg import Pool

QUERIES = Path(__file__).with_name("reading") / "jobs.sql"


class Arm(NamedTuple):
    """One variant of an experiment, and how many of its sample converted."""

    shop_id: int
    response_type: str
    variant: str
    conversions: int


@dataclass(frozen=True, slots=True)
class Winner:
    """A variant that converts better than the other one, by a two-proportion z-test at a fixed sample size."""

    shop_id: int
    response_type: str
    variant: str
    other: str
    conversions: int
    other_conversions: int
    sample_size: int
    """Responses of each of the two."""
    p_value: float


class LearningJobs:
    """The jobs that need the tables of one schema."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql: Any = aiosql.from_path(QUERIES, "asyncpg")

    async def refresh_learning_metrics(self) -> None:
        """Recomputes `daily_learning_metrics`, while it can be read."""
        await self._sql.refresh_daily_learning_metrics(self._pool)

    async def refresh_response_metrics(self) -> None:
        """Recomputes `response_performance_metrics`, while it can be read."""
        await self._sql.refresh_response_performance_metrics(self._pool)

    async def ab_winners(self, sample_size: int, significance: float) -> list[Winner]:
        """The winners of all experiments that have reached the sample size, those of earlier calls included."""
        rows = self._sql.experiment_arms(self._pool, sample_size=sample_size)
        arms = [Arm(**row) async for row in rows]
        return winners(arms, sample_size, significance)


def winners(arms: Iterable[Arm], sample_size: int, significance: float) -> list[Winner]:
    """One for each experiment of exactly two variants that differ significantly.

    `arms` come sorted by shop and response type, each with `sample_size` responses.
    """
    won = []
    for _, group in groupby(arms, key=lambda arm: arm[:2]):
        pair = sorted(group, key=lambda arm: arm.conversions, reverse=True)
        if len(pair) == 2 and (p_value := difference(pair[0], pair[1], sample_size)) < significance:
            won.append(winner(pair[0], pair[1], sample_size, p_value))
    return won


def winner(best: Arm, other: Arm, sample_size: int, p_value: float) -> Winner:
    return Winner(
        best.shop_id,
        best.response_type,
        best.variant,
        other.variant,
        best.conversions,
        other.conversions,
        sample_size,
        p_value,
    )


def difference(one: Arm, other: Arm, sample_size: int) -> float:
    """The two-sided p-value of a two-proportion z-test; 1 where all or none converted."""
    from statsmodels.stats.proportion import proportions_ztest

    if one.conversions == other.conversions:
        return 1.0
    _, p_value = proportions_ztest([one.conversions, other.conversions], [sample_size, sample_size])
    return 1.0 if math.isnan(p_value) else float(p_value)
