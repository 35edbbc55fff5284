"""`relearn enrich`: repairs a broken run of enrichment."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from cli.failure import Failed
from cli.options import Json
from cli.screen import print_json
from runtime.settings import load_settings
from schemas.topics import DOMAINS, LEARNING
from streams.enrichment.rewind import rewind as rewind_inputs

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def enrich() -> None:
    """Repair the enrichment of a partition."""


@app.command(epilog="Example: relearn enrich rewind --partition 3")
def rewind(
    partition: Annotated[int, typer.Option("--partition", min=0, help="The partition that waits.")],
    offset: Annotated[int, typer.Option("--offset", min=0, help="From where; else from the beginning.")] = 0,
    domain: Annotated[str, typer.Option("--domain", help="Whose inputs.")] = LEARNING.name,
    as_json: Json = False,
) -> None:
    """Let enrichers repeat a partition's inputs, with all enrichers stopped. What is decided already is not again."""
    if domain not in DOMAINS:
        raise Failed(f"there is no domain {domain!r}; known: {', '.join(DOMAINS)}")
    moved = asyncio.run(rewind_inputs(load_settings(), DOMAINS[domain], partition, offset=offset))
    rows = [{"topic": topic, "partition": number, "offset": to} for (topic, number), to in moved.items()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['topic']}[{row['partition']}] goes on from {row['offset']}")
