"""`relearn executions`: what was tried, how it went, and what to try next."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Annotated

import typer

from cli.domains import settings_of_tables
from cli.failure import Failed
from cli.knowing import embedded
from cli.options import Json, Limit
from cli.screen import cell, harmless, shortened, show, table
from cli.tables import opened
from projections.executions.projection import PROJECTION
from projections.executions.queries import ExecutionQueries
from projections.queries import Row
from runtime.clock import SystemClock
from runtime.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)

Repo = Annotated[str, typer.Option("--repo", help="The repo, as it was routed.")]
AnyRepo = Annotated[str | None, typer.Option("--repo", help="Only this repo's.")]
TaskType = Annotated[str, typer.Option("--type", help="The type of task.")]
AnyType = Annotated[str | None, typer.Option("--type", help="Only tasks of this type.")]

WIDTH = 60
"""Characters of a text that are shown; --json prints it whole."""


@app.callback()
def executions() -> None:
    """Show what was tried, how it went, and which tier does best."""


@app.command(epilog="Example: relearn executions recent --repo acme/billing")
def recent(repo: AnyRepo = None, task_type: AnyType = None, limit: Limit = 20, as_json: Json = False) -> None:
    """List the latest executions, latest first."""
    _print(_asked(lambda ask: ask.recent(repo, task_type, limit)), RECENT, as_json)


@app.command(epilog="Example: relearn executions similar 'dates are off by a day'")
def similar(
    description: Annotated[str, typer.Argument(help="What the task is about.")],
    task_type: AnyType = None,
    limit: Limit = 10,
    as_json: Json = False,
) -> None:
    """List past executions whose type and description mean nearly the same."""
    words = f"{task_type}: {description}" if task_type else description

    async def similar_ones(ask: ExecutionQueries) -> list[Row]:
        vector = await embedded(await ask.model(), words)
        if vector is None:
            raise Failed("no embedding model is installed here: pip install relearn[embed]")
        return await ask.similar(vector, limit)

    _print(_asked(similar_ones), SIMILAR, as_json)


@app.command(epilog="Example: relearn executions best --repo acme/billing --type bug_fix")
def best(repo: Repo, task_type: TaskType, as_json: Json = False) -> None:
    """Tell which tier does best at such tasks, and from what that is known."""
    _print(_asked(lambda ask: ask.best(repo, task_type)), BEST, as_json)


@app.command(epilog="Example: relearn executions trend --repo acme/billing --days 30")
def trend(
    repo: Repo,
    days: Annotated[int, typer.Option("--days", min=1, help="How far back.")] = 30,
    as_json: Json = False,
) -> None:
    """Show how a repo's tasks went, day by day."""
    since = SystemClock().now() - timedelta(days=days)
    _print(_asked(lambda ask: ask.trend(repo, since)), TREND, as_json)


@app.command(epilog="Example: relearn executions calibration")
def calibration(as_json: Json = False) -> None:
    """Show how right routers were about success and cost, by tier."""
    _print(_asked(lambda ask: ask.calibration()), CALIBRATION, as_json)


RECENT = (
    "timestamp",
    "task_id",
    "task_type",
    "repo",
    "model_tier",
    "success",
    "duration_seconds",
    "cost_actual",
)
SIMILAR = ("similarity", "task_id", "task_description", "model_tier", "success", "solution_summary")
BEST = ("model_tier", "runs", "success_rate", "lower_bound", "mean_quality", "mean_cost", "mean_duration")
TREND = ("date", "runs", "success_rate", "mean_quality", "mean_duration", "cost")
CALIBRATION = (
    *("model_tier", "runs", "mean_confidence", "success_rate", "brier"),
    *("cost_runs", "mean_cost_error", "mean_relative_cost_error"),
)


def _asked(ask: Callable[[ExecutionQueries], Awaitable[list[Row]]]) -> list[Row]:
    async def answered(settings: Settings) -> list[Row]:
        async with opened(settings, PROJECTION.name) as pool:
            return await ask(ExecutionQueries(pool, PROJECTION))

    return asyncio.run(answered(settings_of_tables()))


def _print(rows: Sequence[Row], columns: Sequence[str], as_json: bool) -> None:
    if not rows and not as_json:
        typer.echo("nothing found")
        return
    headings = [name.replace("_", " ") for name in columns]
    cells = [[_shown(row[name]) for name in columns] for row in rows]
    show(rows, as_json, lambda out: out.print(table(headings, cells)))


def _shown(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.3f}"
    return harmless(shortened(value, WIDTH)) if isinstance(value, str) else cell(value)
