"""Where in the log an entity was decided about, and how it stands now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asyncpg import DataError

from projections.queries import Queries

Place = tuple[int, int]
"""Partition and offset of a record in the log."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """One outcome about the entity, and the record that says so."""

    shop_id: int
    entity: str
    entity_id: str
    at: datetime
    actor: str | None
    action: str
    log_partition: int
    log_offset: int

    @property
    def place(self) -> Place:
        """Where the record stands."""
        return self.log_partition, self.log_offset


@dataclass(frozen=True, slots=True)
class Trace:
    """What the tables know of one entity. `now` is its row, less vectors; None where it has none any more."""

    id: str
    appearances: Sequence[Appearance]
    now: Mapping[str, Any] | None

    @property
    def places(self) -> Sequence[Place]:
        """Of the records, in the order in which they were decided."""
        return list(dict.fromkeys(each.place for each in self.appearances))

    def at(self, place: Place) -> Sequence[Appearance]:
        """What one record decided about it, in any order."""
        return [each for each in self.appearances if each.place == place]


class Lineage(Queries):
    """Looks entities of one domain up."""

    FILE = "why.sql"

    async def trace(self, id: str) -> Trace | None:
        """What is known of the entity with this id; None if nothing was ever decided about one."""
        try:
            async with self.sight.open() as conn:
                found = [Appearance(**row) async for row in self._sql.appearances(conn, id=id)]
                rows = [row["row"] async for row in self._sql.standing(conn, id=id)]
        except DataError:
            # Ids of this domain look otherwise.
            return None
        return Trace(found[0].entity_id, found, rows[0] if rows else None) if found else None
