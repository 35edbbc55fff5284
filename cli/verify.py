"""`relearn verify`: are the tables what the log says?"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from cli.domains import settings_for
from cli.failure import Failed
from cli.migrate import migrator_of
from cli.options import Domains, Json
from cli.replaying import bar
from cli.screen import cell, harmless, shortened, show, table
from projections.contents import Compared
from projections.domains import PROJECTIONS
from projections.verifying import Verification
from runtime.reading import partitions_of
from runtime.settings import Settings
from schemas.topics import LEARNING
from streams.enrichment.check import home_of

app = typer.Typer(add_completion=False)

WIDTH = 100
"""Characters of a value that are shown; --json prints it whole."""


@app.command(epilog="Example: relearn verify --shop 7")
def verify(
    domain: Domains = None,
    shop: Annotated[
        list[int] | None, typer.Option("--shop", min=1, help="Only this shop's rows; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Build tables from the log up to what is shown, and compare every row; fails if one differs.

    Jobs make some tables from others (solutions, quality policies, views): no record decides these.
    """
    if shop:
        if domain not in (None, [LEARNING.name]):
            raise Failed(f"only {LEARNING.name} has shops: --shop goes with no other --domain")
        domain = [LEARNING.name]
    settings = settings_for(domain)
    found = {name: asyncio.run(_verify(settings, name, shop)) for name in settings.domains}
    show(
        {name: [asdict(each) for each in compared] for name, compared in found.items()},
        as_json,
        lambda out: _render(out, found),
    )
    different = sum(each.different for compared in found.values() for each in compared)
    if different:
        raise Failed(f"{different:,} rows are not what the log says: `relearn rebuild` makes them so")


async def _verify(settings: Settings, domain: str, shops: list[int] | None) -> list[Compared]:
    partitions = await _homes(settings, shops) if shops else None
    work = Verification(settings, PROJECTIONS[domain], migrator_of(settings, domain), shops, partitions)
    with bar(domain) as progress:
        return await work.run(progress.begin, progress.tell)


async def _homes(settings: Settings, shops: list[int]) -> list[int]:
    """The partitions in which these shops are decided."""
    count = await partitions_of(settings, LEARNING.log)
    return sorted({home_of(str(shop).encode(), count) for shop in shops})


def _render(out: Console, found: dict[str, list[Compared]]) -> None:
    columns = ("domain", "table", "rows", "different")
    cells = [(name, each.table, each.rows, each.different) for name, all in found.items() for each in all]
    out.print(table(columns, cells))
    for each in (each for all in found.values() for each in all if each.different):
        for row in each.examples:
            out.print(Text(harmless(f"\n{each.table} {row.key}"), style="bold"))
            if row.ours is None or row.theirs is None:
                what = (
                    "is missing, but the log has it"
                    if row.ours is None
                    else "is shown, but the log has it not"
                )
                out.print(what)
                continue
            values = [(name, _short(row.ours[name]), _short(row.theirs[name])) for name in row.theirs]
            out.print(table(("column", "shown", "by the log"), values))
        if (more := each.different - len(each.examples)) > 0:
            out.print(f"and {more:,} rows more of {each.table}")


def _short(value: Any) -> str:
    return shortened(cell(value), WIDTH)
