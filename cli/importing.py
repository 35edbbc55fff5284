"""`relearn import`: public data sets as events, for `relearn produce`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import Failed
from cli.importers import IMPORTERS, Plan
from runtime.clock import SystemClock
from schemas.codec import encode

BEGIN = timedelta(days=7)
"""How long ago the first event happened, unless told: long enough for the last one not to lie ahead."""

app = typer.Typer(add_completion=False)


@app.command(
    "import", epilog="Example: relearn import banking77 banking77_train.csv --shop 1 | relearn produce -"
)
def import_data(
    kind: Annotated[str, typer.Argument(metavar="|".join(IMPORTERS), help="What the file is.")],
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The file.")],
    shop: Annotated[
        list[int] | None,
        typer.Option("--shop", min=1, help="For which shops, in turn; tasks belong to none."),
    ] = None,
    begin: Annotated[
        datetime | None, typer.Option("--begin", help="When the first event happened (UTC); else a week ago.")
    ] = None,
) -> None:
    """Print a public data set as events, one a line. The same file and shops always give the same ids."""
    if (importer := IMPORTERS.get(kind)) is None:
        raise Failed(f"there is no importer {kind!r}; known: {', '.join(IMPORTERS)}")
    since = begin.replace(tzinfo=UTC) if begin else SystemClock().now() - BEGIN
    out = sys.stdout.buffer
    for event in importer.events(path, Plan(tuple(shop or (1,)), since)):
        out.write(encode(event) + b"\n")
    out.flush()
