"""What a handler asks for: one row of one statement, and the entities that it touches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

Key = tuple[object, ...]
"""An entity, as in `("item", shop_id, id)`."""

Row = tuple[Any, ...]
"""A NamedTuple whose fields are the statement's parameters."""

Merge = Callable[[Any, Any], Any]
"""Takes an earlier and a later row of one entity; the one returned does what both did, one after the other."""


def replace(earlier: Row, later: Row) -> Row:
    """For statements that assign the same columns anew: only the later row counts."""
    return later


def keep(earlier: Row, later: Row) -> Row:
    """For statements that add what is not there yet: only the earlier row counts."""
    return earlier


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A named statement of the projection's .sql files that takes many rows at once, one array a column.

    `merge` says how two rows of one entity become one; without it they are executed one after the other.
    """

    name: str
    row: type[Row]
    merge: Merge | None = None

    @property
    def writes_vectors(self) -> bool:
        """Whether its rows have vectors, by the name that all columns of vectors share."""
        fields: tuple[str, ...] = self.row._fields  # type: ignore[attr-defined]
        return any(field.endswith("embedding") for field in fields)


class Change(NamedTuple):
    """One row of a statement. It comes after all earlier changes that wrote what it reads or writes, and after
    all earlier ones that read what it writes. Rows of one statement that share no written key commute.
    """

    statement: Statement
    row: Row
    writes: tuple[Key, ...] = ()
    reads: tuple[Key, ...] = ()
