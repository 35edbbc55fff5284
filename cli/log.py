"""`relearn log`: a decision log to and from files, and whether it and the tables belong together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.progress import Progress

from cli.decider import pure
from cli.domains import settings_for
from cli.failure import Failed
from cli.options import Json, OneDomain, Yes
from cli.screen import aside, print_json, show, table
from cli.verifying import verify as verify_tables
from projections.domains import PROJECTIONS
from runtime.clock import SystemClock
from schemas.topics import DOMAINS, LEARNING
from streams.archive import Manifest
from streams.exporting import export_log
from streams.reconnecting import Plan, Reconnection
from streams.restoring import import_log

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, add_completion=False)

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the files.")]


@app.callback()
def log() -> None:
    """Back up and restore a decision log, and hold tables against it."""


@app.command("export", epilog="Example: relearn log export backup/learning")
def export_command(folder: Folder, domain: OneDomain = LEARNING.name, as_json: Json = False) -> None:
    """Append to the files in DIR what the log has and they have not. May run at any time, beside everything."""
    known, settings = pure(domain), settings_for()
    _report(_counted(lambda tell: export_log(settings, known, folder, tell)), as_json)


@app.command("import", epilog="Example: relearn log import backup/learning")
def import_command(folder: Folder, domain: OneDomain = LEARNING.name, as_json: Json = False) -> None:
    """Fill an empty log from the files in DIR, with deciders stopped, and compare all of it afterwards."""
    known, settings = pure(domain), settings_for()
    _report(_counted(lambda tell: import_log(settings.of(domain), known, folder, tell)), as_json)


@app.command(epilog="Example: relearn log reconnect --partition 3")
def reconnect(
    partition: Annotated[int | None, typer.Option("--partition", min=0, help="Only this one.")] = None,
    domain: OneDomain = LEARNING.name,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Let a log go on after the topics around it were made anew, with deciders and enrichers stopped.

    Each input topic is looked at: the same one goes on where the log has come; another one goes on with what was
    appended after all that is decided. What the feeds say is said again.
    """
    work = Reconnection(settings_for(), pure(domain), SystemClock())
    asyncio.run(_reconnect(work, partition, yes, as_json))


@app.command(epilog="Example: relearn log verify")
def verify(domain: OneDomain = LEARNING.name, as_json: Json = False) -> None:
    """Compare positions, audit and shops with the log, record by record; fails naming the first difference."""
    pure(domain)
    found = asyncio.run(verify_tables(settings_for(), DOMAINS[domain].log, PROJECTIONS[domain]))
    columns = ("partition", "records", "outcomes", "shops", "not shown yet")
    cells = [(each.partition, each.records, each.outcomes, each.shops, each.behind) for each in found]
    show([each.as_json() for each in found], as_json, lambda out: out.print(table(columns, cells)))
    if not as_json:
        typer.echo("log and tables belong together")


def _counted(work: Callable[[Callable[[int], object]], Awaitable[T]]) -> T:
    """Runs this, with a count of what is done on the screen."""
    out, columns = aside(), ("{task.description}", "{task.completed:,.0f} records")
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as bar:
        task = bar.add_task("copied", total=None)

        async def run() -> T:
            return await work(lambda count: bar.advance(task, count))

        return asyncio.run(run())


def _report(manifest: Manifest, as_json: bool) -> None:
    columns = ("partition", "records", "files", "chain")
    cells = [(each.partition, each.records, len(each.files), each.chain) for each in manifest.logs]
    show(manifest.model_dump(mode="json"), as_json, lambda out: out.print(table(columns, cells)))


async def _reconnect(work: Reconnection, partition: int | None, yes: bool, as_json: bool) -> None:
    plans = await work.plan(partition)
    if not plans:
        raise Failed("nothing has been decided yet: there is nothing to reconnect")
    if not as_json:
        typer.echo("\n".join(str(each) for plan in plans for each in plan.junctions))
    if not yes:
        typer.confirm("Say so in the log, for ever?", abort=True, err=True)
    await work.carry_out(plans)
    if as_json:
        print_json([_row(plan) for plan in plans])
    else:
        typer.echo("start enrichers and deciders now")


def _row(plan: Plan) -> dict[str, Any]:
    state = plan.replayed.state
    return {"partition": state.partition, "seq": state.seq - 1, **plan.topics.model_dump(mode="json")}
