"""`relearn demo`: the whole of it in one go."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from cli.demo.play import Performance, from_file, play
from cli.demo.report import report
from cli.demo.watch import watched
from cli.failure import Failed
from cli.folder import is_held
from cli.lifetime import until_told
from cli.screen import console
from cli.tree import Layout, grown
from cli.up import until_ready
from runtime.clock import SystemClock
from schemas.topics import LEARNING

PARTS = ("enricher", "decider", "projector")
"""No scheduler: the scenario says itself when time passes, so that it ends alike on every clock."""

DOMAINS = (LEARNING.name,)
"""What the scenario is about."""

app = typer.Typer(add_completion=False)


def usual_folder() -> Path:
    """Where the demo lives unless told otherwise."""
    return Path(tempfile.gettempdir()) / f"relearn-demo-{os.getuid()}"


@app.command(epilog="Example: relearn demo")
def demo(
    events: Annotated[
        Path | None, typer.Option("--events", metavar="FILE", help="Play these JSON lines instead.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--dir", help="Where to run; without it, a temporary folder.")
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep/--discard", help="Keep the tables until the next demo, or remove them.")
    ] = True,
) -> None:
    """Run a bundled scenario through everything, and show what came of it.

    Broker, database, enricher, decider and projector run in a temporary folder and end with the demo.
    """
    place = (folder or usual_folder()).resolve()
    if events is not None and not events.exists():
        raise Failed(f"there is no file {events}")
    if is_held(place):
        raise Failed(f"relearn is running in {place}: end it first, or use another --dir")
    if place.exists() and any(place.iterdir()) and not (place / "up.lock").exists():
        raise Failed(f"{place} holds something else: use another --dir")
    shutil.rmtree(place, ignore_errors=True)
    out = console()
    ended = asyncio.run(_ended(place, events, out))
    if not keep:
        shutil.rmtree(place, ignore_errors=True)
    if not ended:
        raise Failed("the demo was interrupted")
    if keep:
        out.print(f"\nThe tables are kept: look at them with\n  relearn up --dir {place}")
        out.print(f'and, in another terminal,\n  eval "$(relearn env --dir {place})"')
        out.print('  psql "$RELEARN_DATABASE_URL" -c "SELECT * FROM learning.learning_queue"')


async def _ended(place: Path, events: Path | None, out: Console) -> bool:
    done = asyncio.Event()
    await until_told(_demo(place, events, out, done))
    return done.is_set()


async def _demo(place: Path, events: Path | None, out: Console, done: asyncio.Event) -> None:
    clock = SystemClock()
    say = lambda words: out.print(Text(words, style="yellow"))  # noqa: E731
    with out.status("starting Kafka and Postgres …") as state:
        async with grown(Layout(place, parts=PARTS, domains=DOMAINS), clock, say) as tree:
            state.update("loading the model …")
            await until_ready(tree)
            async with watched(tree.settings, clock) as watch:
                scenes = from_file(events) if events else None
                performance: Performance = await play(tree.settings, watch, scenes, out, state)
                await report(tree, watch, performance, out)
            state.update("ending …")
    done.set()
