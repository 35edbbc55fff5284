"""`relearn produce`: a file of JSON lines into the input topics."""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, BinaryIO
from uuid import uuid4

import orjson
import typer
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from cli.domains import settings_for, topics_of
from cli.examples import sample
from cli.failure import Failed
from cli.options import Json
from cli.screen import aside, print_json
from runtime import kafka
from runtime.appender import Appender, every_type
from runtime.clock import Clock, SystemClock
from runtime.closing import connected
from runtime.registry import settled
from runtime.settings import Settings
from schemas.codec import decode
from schemas.event import Event
from schemas.failures import InvalidEvent
from schemas.topics import DomainTopics
from streams.enrichment.check import MAX_AHEAD_MS, MAX_BEHIND_MS

IN_FLIGHT = 20_000
"""Events handed over and not yet acknowledged, at most."""

SHOW_EVERY = 500
"""Lines between two looks at the progress bar."""

app = typer.Typer(add_completion=False)


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the lines."""

    sent: int
    rejected: int


class Rejected:
    """The bad lines, with number and reason, in a file that exists only if there are any."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._file: BinaryIO | None = None

    def add(self, number: int, reason: str, line: bytes) -> None:
        """Keeps one bad line."""
        if self._file is None:
            self._file = self.path.open("wb")
        said = {"line": number, "reason": reason, "text": line.decode("utf-8", "replace")}
        self._file.write(orjson.dumps(said) + b"\n")
        self.count += 1

    def close(self) -> None:
        """Ends the file; without bad lines, one of an earlier run is removed."""
        if self._file is None:
            self.path.unlink(missing_ok=True)
        else:
            self._file.close()


def rejected_path(source: str) -> Path:
    """Where the bad lines of this source go."""
    return (
        Path("stdin.rejected.jsonl")
        if source == "-"
        else Path(f"{source.removesuffix('.jsonl')}.rejected.jsonl")
    )


async def send_all(
    lines: Iterator[bytes], appender: Appender, rejected: Rejected, bar: Bar, clock: Clock
) -> Tally:
    """Appends every good line in order and keeps the bad ones; returns when all good ones are durable."""
    types = every_type()
    waiting: deque[Awaitable[object]] = deque()
    sent = 0
    for number, line in enumerate(lines, start=1):
        bar.read(number, len(line))
        if not (raw := line.strip()):
            continue
        try:
            event = decode(raw, types, strict=True)
            check_time(event, clock.now())
            waiting.append(await appender.send(event, raw))
        except InvalidEvent as error:
            rejected.add(number, error.reason, raw)
            continue
        sent += 1
        if len(waiting) >= IN_FLIGHT:
            await waiting.popleft()
    await asyncio.gather(*waiting)
    return Tally(sent, rejected.count)


def check_time(event: Event[Any], now: datetime) -> None:
    """An event too far from now would become a dead letter; better said here.

    Raises:
        InvalidEvent: saying how far.
    """
    ahead = (event.time - now).total_seconds() * 1000
    if ahead > MAX_AHEAD_MS:
        raise InvalidEvent("is more than 5 minutes ahead", field="time")
    if ahead < -MAX_BEHIND_MS:
        raise InvalidEvent("is more than 10 years behind", field="time")


class Bar:
    """A progress bar over the bytes of a file (or, of unknown length, over lines)."""

    def __init__(self, progress: Progress, size: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task("producing", total=size, rate="")
        self._bytes = 0

    def read(self, number: int, size: int) -> None:
        """Takes note of one more line."""
        self._bytes += size
        if number % SHOW_EVERY == 0:
            seconds = self._progress.tasks[0].elapsed or 0.001
            self._progress.update(
                self._task, completed=self._bytes, rate=f"{number:,} at {number / seconds:,.0f}/s"
            )


@contextmanager
def progress_bar(size: int | None) -> Iterator[Bar]:
    """A bar on standard error, gone when done."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    out = aside()
    with Progress(*columns, console=out, transient=True, disable=not out.is_terminal) as progress:
        yield Bar(progress, size)


async def produce_from(
    settings: Settings,
    source: BinaryIO,
    size: int | None,
    rejected: Rejected,
    domain: DomainTopics | None = None,
) -> Tally:
    """Produces all lines of an open file, once inputs are open."""
    settings = await settled(settings, writes_inputs=True)
    async with connected(kafka.producer(settings, linger_ms=5, max_batch_size=256 * 1024)) as producer:
        appender = Appender(producer, settings.topic, domain)
        with progress_bar(size) as bar:
            try:
                return await send_all(iter(source), appender, rejected, bar, SystemClock())
            finally:
                rejected.close()


def _produce(source: str, domain: DomainTopics | None) -> tuple[Tally, Rejected]:
    rejected = Rejected(rejected_path(source))
    if source == "-":
        settings = settings_for()
        return asyncio.run(produce_from(settings, sys.stdin.buffer, None, rejected, domain)), rejected
    path = Path(source)
    with path.open("rb") as file:
        settings = settings_for()
        return asyncio.run(produce_from(settings, file, path.stat().st_size, rejected, domain)), rejected


@app.command(epilog="Example: relearn produce events.jsonl")
def produce(
    source: Annotated[
        str | None, typer.Argument(metavar="FILE|-", help="JSON lines, one CloudEvent each.")
    ] = None,
    example: Annotated[
        str | None, typer.Option("--example", metavar="TYPE", help="Print a sample line.")
    ] = None,
    domain: Annotated[
        str | None, typer.Option("--domain", help="Whose partitions ticks, policies and retention are about.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Append events, one CloudEvent a line.

    Each line is validated; bad ones go to FILE.rejected.jsonl with line number and reason, all good ones are sent.
    """
    if example is not None:
        typer.echo(sample(example, uuid4(), SystemClock().now()))
        return
    if source is None:
        raise Failed("name a file, or - for standard input, or --example TYPE")
    tally, rejected = _produce(source, None if domain is None else topics_of(domain))
    if as_json:
        print_json({"sent": tally.sent, "rejected": tally.rejected, "rejected_file": _name(rejected)})
    else:
        typer.echo(f"{tally.sent:,} events appended, {tally.rejected:,} lines rejected")
    if tally.rejected:
        raise Failed(f"{tally.rejected:,} lines were rejected: see {rejected.path}")


def _name(rejected: Rejected) -> str | None:
    return str(rejected.path) if rejected.count else None
