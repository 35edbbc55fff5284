"""What commands share that build tables from a log: for which domains, and how far they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn, TimeRemainingColumn
from rich.text import Text

from cli.failure import Failed
from cli.screen import aside
from projections.loading import Ends
from projections.moments import decided_at, ends_at
from projections.projection import Projection
from runtime.settings import Settings

POSITION = "PARTITION:OFFSET"
Moment = Annotated[
    str, typer.Argument(metavar="TIME|POSITION", help="A time, or a record as PARTITION:OFFSET.")
]


INTERRUPTED = 130


@contextmanager
def interruptible(words: str) -> Iterator[None]:
    """Says how to go on where Ctrl-C has ended the block, and exits."""
    try:
        yield
    except KeyboardInterrupt:
        typer.echo(f"interrupted: {words}", err=True)
        raise typer.Exit(INTERRUPTED) from None


class Rate(ProgressColumn):
    """Offsets a second."""

    def render(self, task: Task) -> Text:
        return Text("" if task.speed is None else f"{task.speed:,.0f}/s")


class Bar:
    """How much of a log is behind us, in offsets."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def begin(self, total: int) -> None:
        """So many there are."""
        self._progress.update(self._task, total=total)

    def tell(self, count: int) -> None:
        """So many more are done."""
        self._progress.advance(self._task, count)


@contextmanager
def bar(words: str) -> Iterator[Bar]:
    """A bar on standard error for as long as the block lasts: done, rate, remaining."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} offsets"),
        Rate(),
        TimeRemainingColumn(),
    )
    out = aside()
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        yield Bar(progress, progress.add_task(words, total=0))


async def ends_of_moment(settings: Settings, projection: Projection, moment: str) -> tuple[Ends, datetime]:
    """The ends of the log at a time, or at a record as `PARTITION:OFFSET`; and when that was.

    Raises:
        Failed: if it is neither.
        LogRefused: if there is no such record.
    """
    partition, colon, offset = moment.partition(":")
    if colon and partition.isdecimal() and offset.isdecimal():
        at = await decided_at(settings, projection, int(partition), int(offset))
        ends = await ends_at(settings, projection, at)
        return {**ends, int(partition): int(offset) + 1}, at
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        raise Failed(
            f"{moment!r} is no time (as 2026-11-17T12:00:00+00:00) and no {POSITION} of a record"
        ) from None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return await ends_at(settings, projection, at), at
