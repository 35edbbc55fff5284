"""`relearn jobs`: what the scheduler does at its times, done now."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from cli.chores import JOBS, jobs_of, workshop
from cli.domains import settings_for
from cli.failure import Failed
from cli.options import Json
from cli.screen import print_json, show, table
from runtime.clock import SystemClock
from runtime.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def jobs() -> None:
    """Run a scheduled job now."""


@app.command("list", epilog="Example: relearn jobs list")
def list_jobs(as_json: Json = False) -> None:
    """List the jobs and when they run."""
    rows = [{"name": name, "at": job.words, "about": job.about} for name, job in JOBS.items()]

    def render(out: Console) -> None:
        out.print(table(("name", "at", "about"), [tuple(row.values()) for row in rows]))

    show(rows, as_json, render)


@app.command(epilog="Example: relearn jobs run request-application")
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One of `relearn jobs list`.")],
    as_json: Json = False,
) -> None:
    """Run one job now, and say what it did."""
    if name not in JOBS:
        raise Failed(f"there is no job {name!r}; known: {', '.join(JOBS)}")
    done = asyncio.run(_run(settings_for(), name))
    if as_json:
        print_json({"job": name, "done": done})
    else:
        typer.echo(done)


async def _run(settings: Settings, name: str) -> str:
    if name not in jobs_of(settings):
        raise Failed(f"{name} is a job of a domain that is not served here: {', '.join(settings.domains)} is")
    async with workshop(settings, SystemClock()) as shop:
        return await JOBS[name].do(shop)
