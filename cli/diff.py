"""`relearn diff`: what changed between two times."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.domains import settings_for, topics_of
from cli.migrate import migrator_of
from cli.options import AnyShop, Json, Limit, OneDomain
from cli.replaying import Moment, bar, ends_of_moment
from cli.screen import cell, harmless, shortened, show
from projections.contents import Compared, Contents, DifferentRow, compared
from projections.domains import PROJECTIONS
from projections.scratch import scratch
from runtime.settings import Settings
from schemas.topics import EXECUTIONS, LEARNING

app = typer.Typer(add_completion=False)

TABLES = {LEARNING.name: ("knowledge_base_rag", "learning_queue"), EXECUTIONS.name: ("executions",)}
"""What people mean when they ask what changed."""

NAMING = ("question", "content", "proposed_content", "task_description")
"""Columns by which a row is known to people."""

UNTOLD = ("embedding", "question_embedding", "solution_embedding", "metadata", "updated_at")

WIDTH = 70


@app.command(epilog="Example: relearn diff 2026-11-17 2026-11-18 --shop 7")
def diff(
    before: Moment,
    after: Annotated[str, typer.Argument(metavar="TIME|POSITION", help="The later one.")],
    shop: AnyShop = None,
    domain: OneDomain = LEARNING.name,
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """Tell which knowledge and items came, changed or went between two times; of executions, which tasks."""
    topics_of(domain)
    found = asyncio.run(_diff(settings_for(), domain, before, after, [shop] if shop else None, limit))
    show([asdict(each) for each in found], as_json, lambda out: _render(out, found))


async def _diff(
    settings: Settings, domain: str, before: str, after: str, shops: Sequence[int] | None, limit: int
) -> list[Compared]:
    async with AsyncExitStack() as stack:
        ours, theirs = [
            await stack.enter_async_context(_contents(settings, domain, moment, shops))
            for moment in (before, after)
        ]
        return [one async for one in compared(ours, theirs, limit, TABLES[domain])]


@asynccontextmanager
async def _contents(
    settings: Settings, domain: str, moment: str, shops: Sequence[int] | None
) -> AsyncIterator[Contents]:
    projection, migrator = PROJECTIONS[domain], migrator_of(settings, domain)
    ends, at = await ends_of_moment(settings, projection, moment)
    async with AsyncExitStack() as stack:
        with bar(f"{domain} of {at:%Y-%m-%d %H:%M:%S}") as progress:
            progress.begin(sum(ends.values()))
            conn = await stack.enter_async_context(
                scratch(settings, projection, migrator, ends, progress.tell)
            )
        await stack.enter_async_context(conn.transaction(readonly=True))
        yield Contents(conn, projection, shops)


def _render(out: Console, found: Sequence[Compared]) -> None:
    for each in found:
        out.print(Text(f"{each.table}: {each.different:,} rows differ", style="bold"))
        for row in each.examples:
            out.print(Text(harmless(f"  {_sign(row)} {row.key}{_name(row)}"), style=COLOURS[_sign(row)]))
            if row.ours is not None and row.theirs is not None:
                for name, value in row.theirs.items():
                    if name not in UNTOLD:
                        out.print(Text(f"      {name}: {_short(row.ours[name])} -> {_short(value)}"))
        if (more := each.different - len(each.examples)) > 0:
            out.print(f"  and {more:,} more: --limit")


COLOURS = {"+": "green", "-": "red", "~": "yellow"}


def _sign(row: DifferentRow) -> str:
    if row.ours is None:
        return "+"
    return "-" if row.theirs is None else "~"


def _name(row: DifferentRow) -> str:
    """What a new row, or one that is gone, is about."""
    whole = row.theirs if row.ours is None else row.ours if row.theirs is None else {}
    words = [_short(whole[name]) for name in NAMING if whole and whole.get(name)]
    return f"  {' | '.join(words)}" if words else ""


def _short(value: Any) -> str:
    return shortened(cell(value), WIDTH)
