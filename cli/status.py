"""`relearn status`: how far every part has come."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.domains import settings_for
from cli.failure import Failed
from cli.options import Json
from cli.screen import cell, duration, harmless, show, table
from cli.standing import observers, rows
from runtime.clock import SystemClock
from runtime.settings import Settings
from schemas.generation import Registered

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn status --wait --timeout 60")
def status(
    wait: Annotated[bool, typer.Option("--wait", help="Return when all is decided and shown.")] = False,
    timeout: Annotated[
        float | None, typer.Option("--timeout", min=0.1, help="With --wait: fail after so many seconds.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show how far every part has come, of how much, and how old its latest work is.

    With --wait: return when all that is in the inputs by now is decided, and all that is decided is in the tables.
    """
    found = asyncio.run(_status(settings_for(), wait, timeout))
    show(found, as_json, lambda out: _render(out, found))


async def _status(settings: Settings, wait: bool, timeout: float | None) -> dict[str, Any]:
    if wait:
        await until_caught_up(settings, timeout)
    async with observers(settings) as each:
        standings = [await observer.look() for observer in each]
        dead_letters = await each[0].dead_letters()
    now = SystemClock().now()
    ends = {end for standing in standings for end in standing.ends.items()}
    return {
        "topics": [{"topic": t, "partition": p, "end": end} for (t, p), end in sorted(ends)],
        "parts": [row for standing in standings for row in rows(standing, now)],
        "dead_letters": dead_letters,
        "generations": [row for name in settings.domains for row in _generations(settings.registered(name))],
        "outdated": [standing.domain for standing in standings if standing.is_outdated],
    }


def _generations(known: Registered) -> list[dict[str, Any]]:
    return [
        {"domain": known.domain, "generation": each.number, "is": known.phase_of(each.number)}
        for each in known.generations
    ]


async def until_caught_up(settings: Settings, timeout: float | None) -> None:
    """Returns when every domain has caught up with what is in its inputs now.

    Raises:
        Failed: if that takes longer.
    """
    try:
        async with asyncio.timeout(timeout), observers(settings) as each:
            await asyncio.gather(*(observer.until_caught_up() for observer in each))
    except TimeoutError:
        raise Failed(
            f"not caught up within {timeout:g} s: `relearn status` tells which part is behind"
        ) from None


def _render(out: Console, found: dict[str, Any]) -> None:
    ends = [(row["topic"], row["partition"], row["end"]) for row in found["topics"]]
    out.print(table(("topic", "partition", "end"), ends))
    columns = ("part", "reads", "partition", "at", "of", "behind", "latest work")
    cells = [
        (row["part"], row["topic"], row["partition"], row["at"], row["end"], row["lag"], _age(row))
        for row in found["parts"]
    ]
    out.print(table(columns, cells, title="\nparts"))
    generations = [tuple(row.values()) for row in found["generations"]]
    out.print(table(("domain", "generation", "is"), generations, title="\ngenerations"))
    for row in found["parts"]:
        if trouble := _trouble(row):
            where = f"{row['part']} of {row['topic']}[{row['partition']}]"
            out.print(Text(harmless(f"{where} {trouble}"), style="red"))
    for domain in found["outdated"]:
        words = f"the tables of {domain} are of an older version: run `relearn rebuild --domain {domain}`"
        out.print(Text(words, style="red"))
    count = found["dead_letters"]
    hint = " in 30 days: `relearn dead-letters list` tells which are open" if count else ""
    out.print(f"\n{count:,} dead letters{hint}")


def _trouble(row: dict[str, Any]) -> str:
    """Why a part does not go on, and since when where that is known; empty if it does."""
    if reason := row.get("stopped"):
        return f"is stopped: {reason}"
    if reason := row.get("reason"):
        return f"is {row['state']} since {cell(row['since'])}: {reason}"
    return ""


def _age(row: dict[str, Any]) -> str:
    seconds = row["age_seconds"]
    return "-" if seconds is None else f"{duration(seconds)} ago"
