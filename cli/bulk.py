"""Imports knowledge from a file, no faster than it becomes visible."""

from __future__ import annotations

import asyncio
import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from pydantic import ValidationError
from rich.progress import Progress

from cli.events import said
from cli.failure import Failed, validation
from cli.screen import aside
from cli.writing import Manner, carry_out
from runtime.clock import Clock, SystemClock
from runtime.settings import Settings
from schemas.event import Event
from schemas.knowledge import KnowledgeImported
from schemas.saying import became

OUTSTANDING = 500
"""Entries that are appended and not yet visible, at most: what else happens in the shop waits for no more."""

COLUMNS = ("content", "question", "category", "external_id")


def import_file(
    settings: Settings, file: Path, shop: int, source: str, by: str | None, timeout: float
) -> dict[str, int]:
    """Imports a whole file in somebody's name; how many entries became what.

    Raises:
        Failed: if an entry cannot be read; nothing is sent then.
    """
    entries = list(read_entries(file, source, by))
    return asyncio.run(_import(settings, entries, shop, timeout, SystemClock()))


async def _import(
    settings: Settings, entries: list[KnowledgeImported], shop: int, timeout: float, clock: Clock
) -> dict[str, int]:
    counts: Counter[str] = Counter()
    rest = iter(entries)
    out = aside()
    with Progress(console=out, transient=True, disable=not out.is_terminal) as progress:
        task = progress.add_task("importing", total=len(entries))
        while chunk := list(islice(rest, OUTSTANDING)):
            events: list[Event[Any]] = [said(entry, shop, clock.now()) for entry in chunk]
            answers = await carry_out(settings, events, Manner(timeout=timeout))
            counts.update(became(answer.record) for answer in answers)
            progress.advance(task, len(chunk))
    return dict(counts)


def read_entries(file: Path, source: str, by: str | None = None) -> Iterator[KnowledgeImported]:
    """The entries of a .csv or .jsonl file.

    Raises:
        Failed: naming the line that cannot be read.
    """
    reader = READERS.get(file.suffix)
    if reader is None:
        raise Failed(f"{file} is neither .csv nor .jsonl")
    for line, row in reader(file):
        given = {name: row[name] for name in COLUMNS if row.get(name)}
        try:
            yield KnowledgeImported(source=source, actor_id=by, **given)
        except ValidationError as error:
            raise Failed(f"{file}, line {line}: {validation(error)}; nothing was imported") from error


def _csv(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = csv.DictReader(text)
        if "content" not in (rows.fieldnames or ()):
            raise Failed(f"{file} has no column content; columns are {', '.join(COLUMNS)}")
        for row in rows:
            yield rows.line_num, row


def _jsonl(file: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                row = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise Failed(f"{file}, line {number}: not JSON: {error}; nothing was imported") from error
            if not isinstance(row, dict):
                raise Failed(f"{file}, line {number}: not a JSON object; nothing was imported")
            yield number, row


READERS = {".csv": _csv, ".jsonl": _jsonl}
