"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text


def console() -> Console:
    """Standard output, as wide as the terminal."""
    return Console(highlight=False)


def aside() -> Console:
    """Standard error, for progress and remarks."""
    return Console(stderr=True, highlight=False)


def print_json(data: object) -> None:
    """One JSON document, indented."""
    typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2, default=_plain).decode())


def _plain(value: object) -> object:
    """What Postgres and the models give that JSON has no word for: numbers stay numbers."""
    return float(value) if isinstance(value, Decimal) else str(value)


def show(data: object, as_json: bool, render: Callable[[Console], None]) -> None:
    """The data as JSON, or for people."""
    if as_json:
        print_json(data)
    else:
        render(console())


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], title: str | None = None) -> Table:
    """A plain table; numbers stand right."""
    cells = [list(row) for row in rows]
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(columns):
        is_number = bool(cells) and all(isinstance(row[place], int | float) for row in cells)
        is_id = any(isinstance(row[place], UUID) for row in cells)
        made.add_column(name, justify="right" if is_number else "left", overflow="fold", no_wrap=is_id)
    for row in cells:
        made.add_row(*(Text(cell(value)) for value in row))
    return made


def cell(value: object) -> str:
    """A value in a table."""
    for kind, words in CELLS.items():
        if isinstance(value, kind):
            return words(value)
    return harmless(str(value))


CELLS: Mapping[type[Any], Callable[[Any], str]] = {
    type(None): lambda _: "-",
    bool: lambda value: "yes" if value else "no",
    int: lambda value: f"{value:,}",
    float: lambda value: f"{value:,.4g}",
    datetime: lambda value: value.strftime("%Y-%m-%d %H:%M:%S"),
    Mapping: lambda value: orjson.dumps(value, default=str).decode(),
    list: lambda value: orjson.dumps(value, default=str).decode(),
    tuple: lambda value: orjson.dumps(value, default=str).decode(),
}
"""How values are shown; the first kind that a value is decides."""


def duration(seconds: float) -> str:
    """Seconds in words: 0.4 s, 12 s, 3 min, 5.1 h."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


def harmless(text: str) -> str:
    """The words of strangers, without what would steer the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


def shortened(text: str | None, width: int = 60) -> str:
    """One line of at most `width` characters."""
    line = " ".join(harmless(text or "").split())
    return line if len(line) <= width else line[: width - 1] + "…"


def print_entry(out: Console, key: object, told: str, lines: Iterable[tuple[str, str | None]]) -> None:
    """An id, whole so that it can be copied, what is told of it, and one line for each text with its mark."""
    out.print(Text(f"{key}  ", style="bold").append(told, style="not bold"))
    for mark, words in lines:
        if words and mark:
            out.print(Text(f"  {mark} {shortened(words, max(40, out.width - 4))}"))
