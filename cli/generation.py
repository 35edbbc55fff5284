"""`relearn generation`: another shape of a domain's past, made beside the log and adopted in one step."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from rich.console import Console

from cli.decider import pure
from cli.domains import settings_for
from cli.generations import Generations
from cli.judged import render_decisions
from cli.making import Wish
from cli.options import Json, Limit, OneDomain, Yes
from cli.replaying import interruptible
from cli.screen import show, table
from schemas.topics import LEARNING

app = typer.Typer(no_args_is_help=True, add_completion=False)

Number = Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="One of `relearn generation list`.")]


@app.callback()
def generation() -> None:
    """Copy a log under a transformation, and let the copy take over."""


@app.command(epilog="Example: relearn generation create --model all-mpnet-base-v2")
def create(
    model: Annotated[str | None, typer.Option("--model", help="Another embedding model.")] = None,
    partitions: Annotated[
        int | None, typer.Option("--partitions", min=1, max=1000, help="Another number of partitions.")
    ] = None,
    erased: Annotated[bool, typer.Option("--erased", help="Without what was erased.")] = False,
    domain: OneDomain = LEARNING.name,
    limit: Limit = 20,
    as_json: Json = False,
) -> None:
    """Make a generation, or go on with one that was interrupted, until it has caught up with the log.

    Everything goes on meanwhile. With --model, what the other model would change is told.
    """
    wish = Wish.of(model, partitions, erased)
    with interruptible("the same command goes on from here, `relearn generation drop` ends it"):
        told = asyncio.run(_generations(domain).create(wish))
    show(told.as_json(), as_json, lambda out: _print_made(out, told.as_json(), told.flips, limit))


@app.command("list", epilog="Example: relearn generation list")
def list_generations(domain: OneDomain = LEARNING.name, as_json: Json = False) -> None:
    """List a domain's generations, and tell which one is current."""
    rows = asyncio.run(_generations(domain).rows())
    show(rows, as_json, lambda out: out.print(table(list(rows[0]), [list(row.values()) for row in rows])))


@app.command(epilog="Example: relearn generation adopt 2")
def adopt(number: Number, domain: OneDomain = LEARNING.name, as_json: Json = False) -> None:
    """Let a generation take over: log, inputs and tables in one step. Interrupted, it can be repeated or dropped."""
    again = f"`relearn generation adopt {number}` goes on, `relearn generation drop {number}` undoes it"
    with interruptible(again):
        told = asyncio.run(_generations(domain).adopt(number))
    show(told, as_json, lambda out: out.print(f"generation {number} of {domain} is the current one"))


@app.command(epilog="Example: relearn generation drop 1 --yes")
def drop(number: Number, domain: OneDomain = LEARNING.name, yes: Yes = False, as_json: Json = False) -> None:
    """Delete a generation that is not the current one, or undo its adoption if that was interrupted."""
    if not yes:
        typer.confirm(f"Delete generation {number} of {domain}, with its log?", abort=True)
    told = asyncio.run(_generations(domain).drop(number))
    show(told, as_json, lambda out: out.print(f"deleted: {', '.join(told['topics']) or 'no topics'}"))


def _generations(domain: str) -> Generations:
    return Generations(settings_for(), pure(domain))


def _print_made(out: Console, told: dict[str, Any], flips: Any, limit: int) -> None:
    number = told["generation"]
    out.print(f"generation {number} of {told['domain']} has caught up, {told['records']:,} records")
    if told["recall_at_10"]:
        rows = [(part, each["texts"], each["recall"]) for part, each in told["recall_at_10"].items()]
        out.print(table(("texts", "compared", "recall@10 of the old neighbours"), rows))
    if told["decisions"]:
        out.print()
        render_decisions(out, told["decisions"], flips[:limit])
    out.print(f"\nnext: relearn generation adopt {number} --domain {told['domain']}")
