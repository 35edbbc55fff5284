"""How tasks went."""

from __future__ import annotations

from datetime import date, datetime

from relearn_client.http.answers.told import Told


class Execution(Told):
    """A task that was executed. Only similar ones have `similarity` and `solution_summary`."""

    task_id: str
    timestamp: datetime
    task_type: str | None
    task_description: str | None
    repo: str | None
    model_tier: str | None
    pool_type: str | None
    pool_id: str | None = None
    success: bool | None
    duration_seconds: float | None
    quality_score: float | None
    cost_actual: float | None
    cost_error: float | None = None
    error_type: str | None = None
    user_accepted: bool | None = None
    user_rating: int | None = None
    solution_summary: str | None = None
    similarity: float | None = None


class Tier(Told):
    """How one model tier did at one kind of task; `lower_bound` is Wilson's, of the success rate."""

    model_tier: str
    runs: int
    successes: int
    success_rate: float
    lower_bound: float
    mean_quality: float | None
    mean_cost: float | None
    mean_duration: float | None
    last_used: datetime


class TrendDay(Told):
    """How a repo's tasks went on one day (UTC)."""

    date: date
    runs: int
    success_rate: float
    mean_quality: float | None
    mean_duration: float | None
    cost: float | None


class Calibration(Told):
    """How right routers were about one tier. `brier`: 0.25 is a coin's."""

    model_tier: str | None
    runs: int
    mean_confidence: float
    success_rate: float
    brier: float
    cost_runs: int
    mean_cost_error: float | None
    mean_relative_cost_error: float | None
