"""`relearn up`: everything on one machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from cli.lifetime import until_told
from cli.options import Folder
from cli.screen import console
from cli.tree import Layout, Tree, grown
from runtime.clock import SystemClock

READY_SECONDS = 0.2
"""Between two looks at the parts' health."""

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn up --dir .relearn --port-base 29092")
def up(
    folder: Folder = Path(".relearn"),
    port_base: Annotated[
        int | None,
        typer.Option(
            "--port-base", min=1024, max=65000, help="The broker's port; the parts' health follows it."
        ),
    ] = None,
) -> None:
    """Run broker, database, enricher, decider, projector, scheduler and HTTP API until Ctrl-C.

    Data stays in the folder. A part that crashes is started again.
    """
    out = console()
    asyncio.run(until_told(_up(Layout(folder, port_base), out)))
    out.print("ended; the data stays in", str(folder))


async def _up(layout: Layout, out: Console) -> None:
    out.print(f"starting in {layout.folder} …")
    async with grown(layout, SystemClock(), say=lambda words: out.print(Text(words, style="yellow"))) as tree:
        out.print(welcome(tree))
        async with asyncio.TaskGroup() as tasks:
            # Beside each other: should the watching fail, nobody would start again what is waited for.
            tasks.create_task(_tell_when_ready(tree, out))
            tasks.create_task(_watched(tree))


async def _tell_when_ready(tree: Tree, out: Console) -> None:
    await until_ready(tree)
    out.print("every part is ready; Ctrl-C ends it")


async def _watched(tree: Tree) -> None:
    await tree.watching


def welcome(tree: Tree) -> Panel:
    """How to reach the tree."""
    folder = tree.layout.folder
    lines = [
        f"Kafka     {tree.settings.kafka_bootstrap_servers}",
        f"Postgres  {tree.settings.database_url}",
        *(f"{name:<9} {url}" for name, url in tree.health.items()),
        *([f"API       {tree.api}/api/docs", f"its key   {tree.admin_key}"] if tree.admin_key else []),
        f"logs      {tree.logs}",
        "",
        f'in another terminal: eval "$(relearn env --dir {folder})"',
    ]
    return Panel(Text("\n".join(lines)), title="relearn runs", expand=False)


async def until_ready(tree: Tree) -> None:
    """Returns when every part says that it does its work."""
    async with httpx.AsyncClient(timeout=5) as client:
        for url in tree.health.values():
            await _until_ready(client, url)


async def _until_ready(client: httpx.AsyncClient, url: str) -> None:
    while True:
        try:
            if (await client.get(url)).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            # It does not listen yet.
            pass
        await asyncio.sleep(READY_SECONDS)
