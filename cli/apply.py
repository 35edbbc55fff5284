"""`relearn apply`: approved items become knowledge now, not at the next full hour."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.domains import settings_for
from cli.events import said
from cli.options import Json, NoWait, Shop, Timeout
from cli.writing import Manner, write
from runtime.clock import SystemClock
from schemas.review import ApplyRequested

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn apply --shop 7")
def apply(
    shop: Shop,
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="At most so many items.")] = 100,
    no_wait: NoWait = False,
    timeout: Timeout = 30.0,
    as_json: Json = False,
) -> None:
    """Turn approved items of one shop into knowledge, oldest first."""
    request = said(ApplyRequested(limit=limit), shop, SystemClock().now())
    write(settings_for(), [request], Manner(not no_wait, timeout, as_json))
