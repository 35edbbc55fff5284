"""`relearn as-of`: the tables as they were."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from cli.domains import settings_for, topics_of
from cli.failure import Failed
from cli.migrate import migrator_of
from cli.options import Json, OneDomain
from cli.replaying import Moment, bar, ends_of_moment
from cli.screen import show, table
from projections.contents import Contents
from projections.domains import PROJECTIONS
from projections.schemas import Schemas
from projections.scratch import scratch
from runtime.settings import Settings
from schemas.topics import LEARNING

app = typer.Typer(add_completion=False)


@app.command("as-of", epilog="Example: relearn as-of 2026-11-17T12:00 --sql 'SELECT * FROM learning_queue'")
def as_of(
    moment: Moment,
    sql: Annotated[
        str | None, typer.Option("--sql", help="Ask this of the tables, and drop them afterwards.")
    ] = None,
    keep: Annotated[
        str | None, typer.Option("--keep", metavar="NAME", help="Keep them as a schema of this name.")
    ] = None,
    domain: OneDomain = LEARNING.name,
    as_json: Json = False,
) -> None:
    """Build the tables as they were at a time, or when a record was decided, from the log alone.

    A query may use their names as they are, and reads only. Without --sql it is told how much they held.
    """
    if sql and keep:
        raise Failed("either --sql or --keep: a schema that is kept can be asked by any client")
    topics_of(domain)
    rows = asyncio.run(_as_of(settings_for(), domain, moment, sql, keep))
    if rows or as_json:
        show(rows, as_json, lambda out: out.print(table(list(rows[0]), [list(row.values()) for row in rows])))
    else:
        typer.echo("nothing found")


async def _as_of(
    settings: Settings, domain: str, moment: str, sql: str | None, keep: str | None
) -> list[dict[str, Any]]:
    projection, migrator, schemas = PROJECTIONS[domain], migrator_of(settings, domain), Schemas()
    ends, _ = await ends_of_moment(settings, projection, moment)
    with bar(domain) as progress:
        progress.begin(sum(ends.values()))
        async with scratch(settings, projection, migrator, ends, progress.tell, name=keep) as conn:
            await schemas.refresh_views(conn)
            await schemas.see_all(conn)
            async with conn.transaction(readonly=True):
                if sql:
                    return [dict(row) for row in await conn.fetch(sql)]
                contents = Contents(conn, projection)
                tables = (await contents.tables()).values()
                return [{"table": each.name, "rows": (await contents.content(each)).rows} for each in tables]
