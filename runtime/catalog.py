"""Compares what a schema holds with what its migrations would make."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
from asyncpg import Connection

LONGEST_QUOTED = 120
"""Longer definitions (views, functions) are named but not quoted in an issue."""


class Part(NamedTuple):
    """A table, view or function, or one column, index, constraint, trigger or policy of it."""

    owner: str
    kind: str
    name: str | None

    @property
    def whole(self) -> bool:
        """Whether this is the table, view or function itself."""
        return self.name is None

    def __str__(self) -> str:
        return f"{self.owner}: {self.kind}" if self.whole else f"{self.owner}: {self.kind} {self.name}"


Catalog = Mapping[Part, str]
"""Every part of a schema with its definition in PostgreSQL's own words."""


@dataclass(frozen=True, slots=True)
class Report:
    """What was verified: how many tables, and every difference in words."""

    tables: int
    issues: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing differs."""
        return not self.issues

    def __str__(self) -> str:
        if self.ok:
            return f"All {self.tables} tables verified, 0 issues found"
        found = "1 issue" if len(self.issues) == 1 else f"{len(self.issues)} issues"
        return "\n".join([f"{self.tables} tables verified, {found} found", *self.issues])


class CatalogReader:
    """Reads the catalog of one schema."""

    def __init__(self) -> None:
        self._sql: Any = aiosql.from_path(Path(__file__).with_name("catalog.sql"), "asyncpg")

    async def read(self, conn: Connection, schema: str) -> Catalog:
        """All parts of `schema`, which must be first on the connection's search_path."""
        rows = self._sql.catalog(conn, schema=schema)
        return {Part(row["owner"], row["kind"], row["name"]): row["definition"] async for row in rows}


def compare(expected: Catalog, found: Catalog) -> Report:
    """One issue for each part that is missing, different or unexpected; none twice."""
    tables = sum(part.kind == "table" for part in expected)
    return Report(
        tables, [*_missing(expected, found), *_different(expected, found), *_unexpected(expected, found)]
    )


def _missing(expected: Catalog, found: Catalog) -> Iterator[str]:
    gone = {part.owner for part in expected.keys() - found.keys() if part.whole}
    for part in expected:
        if part not in found and (part.whole or part.owner not in gone):
            yield f"{part} is missing"


def _different(expected: Catalog, found: Catalog) -> Iterator[str]:
    for part, definition in expected.items():
        live = found.get(part)
        if live is None or live == definition:
            continue
        if max(len(live), len(definition)) > LONGEST_QUOTED:
            yield f"{part} differs from the migrations"
        else:
            yield f"{part} is {live or 'plain'}, expected {definition or 'plain'}"


def _unexpected(expected: Catalog, found: Catalog) -> Iterator[str]:
    extra = {part.owner for part in found.keys() - expected.keys() if part.whole}
    for part in found:
        if part not in expected and (part.whole or part.owner not in extra):
            yield f"{part} is unexpected"
