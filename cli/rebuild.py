"""`relearn rebuild`: the tables made anew from the log alone."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from cli.domains import settings_for
from cli.migrate import migrator_of
from cli.options import Domains, Json
from cli.replaying import bar, interruptible
from cli.screen import show, table
from projections.building import EVERY_CORE
from projections.domains import PROJECTIONS
from projections.rebuild import Rebuild, Rebuilt
from runtime.clock import SystemClock
from runtime.settings import Settings

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn rebuild --domain learning")
def rebuild(
    domain: Domains = None,
    parallel: Annotated[
        int, typer.Option("--parallel", min=1, help="How many processes load partitions at once.")
    ] = EVERY_CORE,
    clean: Annotated[
        bool, typer.Option("--clean", help="Only drop what has been left by an interruption.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Build the tables anew beside those that are read, then let them be read instead, in one step.

    Everything goes on meanwhile. Interrupted, the tables that are read are untouched, and the next rebuild goes on
    where this one was.
    """
    settings = settings_for(domain)
    if clean:
        dropped = asyncio.run(_clean(settings, parallel))
        show(dropped, as_json, lambda out: out.print(f"dropped: {', '.join(dropped) or 'nothing was left'}"))
        return
    with interruptible("`relearn rebuild` goes on from here, `relearn rebuild --clean` drops it"):
        found = [asyncio.run(_rebuild(settings, name, parallel)) for name in settings.domains]
    rows = [_row(rebuilt, seconds) for rebuilt, seconds in found]
    show(rows, as_json, lambda out: out.print(table(list(rows[0]), [list(row.values()) for row in rows])))


async def _rebuild(settings: Settings, domain: str, parallel: int) -> tuple[Rebuilt, float]:
    clock = SystemClock()
    began = clock.monotonic()
    work = Rebuild(settings, PROJECTIONS[domain], migrator_of(settings, domain), parallel)
    with bar(domain) as progress:
        progress.begin(sum((await work.ends()).values()))
        rebuilt = await work.run(progress.tell)
    return rebuilt, clock.monotonic() - began


async def _clean(settings: Settings, parallel: int) -> list[str]:
    works = [
        Rebuild(settings, PROJECTIONS[domain], migrator_of(settings, domain), parallel)
        for domain in settings.domains
    ]
    return [name for work in works for name in await work.clean()]


def _row(rebuilt: Rebuilt, seconds: float) -> dict[str, Any]:
    done = rebuilt.records - rebuilt.resumed
    return {
        "domain": rebuilt.domain,
        "records": rebuilt.records,
        "resumed": rebuilt.resumed,
        "seconds": round(seconds, 3),
        "records_per_second": round(done / seconds),
    }
