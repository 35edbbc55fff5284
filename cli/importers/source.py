"""Public data as events: what every importer shares. No clock, no randomness, no broker."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from schemas.event import Event, ShopData

NAMESPACE = UUID("0b9f5c1e-7d0a-5b63-8f0e-5a9c6f1d2e34")

Row = dict[str, str]


class ImportRefused(ValueError):
    """A file holds something that cannot become an event; says where and what."""

    def __init__(self, path: Path, at: str, reason: str) -> None:
        super().__init__(f"{path}, {at}: {reason}")
        self.path, self.at, self.reason = path, at, reason


@dataclass(frozen=True)
class Plan:
    """For which shops, and when: the first event at `begin`, each later one `spacing` after it."""

    shops: Sequence[int]
    begin: datetime
    spacing: timedelta = timedelta(seconds=1)

    def __post_init__(self) -> None:
        if not self.shops:
            raise ValueError("at least one shop is needed")

    def shop(self, index: int) -> int:
        """The shop of the nth conversation or row: in turn."""
        return self.shops[index % len(self.shops)]


Events = Iterator[Event[Any]]


@dataclass(frozen=True)
class Importer:
    """One kind of file. `events(path, plan)` gives the same events whenever it is given the same.

    `events` raises ImportRefused at the first thing that it cannot read.
    """

    about: str
    events: Callable[[Path, Plan], Events]


def stable_id(*names: object) -> UUID:
    """The same names always give the same id."""
    return uuid5(NAMESPACE, "/".join(map(str, names)))


def stamped(dataset: str, plan: Plan, said: Iterator[tuple[int, str, ShopData]]) -> Events:
    """Events of (shop, name within the file, data), with ids by shop and name and times by the plan."""
    source = f"/importers/{dataset}"
    for index, (shop, name, data) in zip(count(), said, strict=False):
        at = plan.begin + index * plan.spacing
        yield Event(stable_id(dataset, shop, data.TYPE, name), source, at, shop, name, data)


def text_of(path: Path) -> str:
    """The file's text.

    Raises:
        ImportRefused: where it is not UTF-8, or holds the character NUL.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ImportRefused(path, f"line {line}", f"not UTF-8: {error.reason}") from None
    if (position := text.find("\0")) >= 0:
        raise ImportRefused(path, f"line {text.count(chr(10), 0, position) + 1}", "holds the character NUL")
    return text


def tidy(text: str) -> str:
    """Without white space around it and without no-break spaces; its own quotes and accents stay."""
    return text.replace("\u00a0", " ").strip()


def rows(path: Path, needed: Sequence[str]) -> Iterator[tuple[int, Row]]:
    """The rows of a CSV file with the number of the line on which each begins, all needed fields filled.

    Raises:
        ImportRefused: where a column, a field or a quote is missing.
    """
    reader = csv.reader(io.StringIO(text_of(path), newline=""), strict=True)
    try:
        header = next(reader, [])
        if missing := [name for name in needed if name not in header]:
            raise ImportRefused(path, "line 1", f"no column {missing[0]!r}")
        begin = reader.line_num + 1
        for fields in reader:
            if fields:
                yield begin, _row(path, begin, header, fields, needed)
            begin = reader.line_num + 1
    except csv.Error as error:
        raise ImportRefused(path, f"line {reader.line_num}", str(error)) from None


def _row(path: Path, line: int, header: list[str], fields: list[str], needed: Sequence[str]) -> Row:
    if len(fields) != len(header):
        raise ImportRefused(path, f"line {line}", f"{len(fields)} fields where the header has {len(header)}")
    row = {name: tidy(value) for name, value in zip(header, fields, strict=True)}
    if empty := [name for name in needed if not row[name]]:
        raise ImportRefused(path, f"line {line}", f"{empty[0]!r} is empty")
    return row
