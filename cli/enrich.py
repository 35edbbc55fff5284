"""`relearn enrich`: repairs a broken run of enrichment."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.decider import pure
from cli.domains import settings_for
from cli.options import Json, OneDomain
from cli.screen import print_json
from runtime.settings import Settings
from schemas.topics import LEARNING
from streams.checkpoints import read_decided
from streams.domain import Domain
from streams.enrichment.rewind import rewind as rewind_inputs

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.callback()
def enrich() -> None:
    """Repair the enrichment of a partition."""


@app.command(epilog="Example: relearn enrich rewind --partition 3")
def rewind(
    partition: Annotated[
        int | None, typer.Option("--partition", min=0, help="The partition that waits; else all.")
    ] = None,
    offset: Annotated[
        int | None, typer.Option("--offset", min=0, help="From where; else from what is not decided.")
    ] = None,
    domain: OneDomain = LEARNING.name,
    as_json: Json = False,
) -> None:
    """Let enrichers repeat inputs, with all enrichers stopped. What is decided already is not again."""
    moved = asyncio.run(_rewind(settings_for(), pure(domain), partition, offset))
    rows = [{"topic": topic, "partition": number, "offset": to} for (topic, number), to in moved.items()]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        typer.echo(f"{row['topic']}[{row['partition']}] goes on from {row['offset']}")


async def _rewind(
    settings: Settings, domain: Domain[Any], partition: int | None, offset: int | None
) -> Mapping[tuple[str, int], int]:
    if offset is not None:
        return await rewind_inputs(settings, domain.topics, partition, offset=offset)
    decided = await read_decided(settings, domain)
    return await rewind_inputs(settings, domain.topics, partition, decided=decided)
