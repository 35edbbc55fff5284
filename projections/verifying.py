"""Holds the tables that are read against tables built from the log up to the very same positions."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from asyncpg import Connection

from projections.building import Ends, Tell, ends_of
from projections.contents import Contents, Shops, Table
from projections.failures import LogRefused
from projections.positions import Positions
from projections.projection import Projection
from projections.scratch import scratch
from runtime import postgres
from runtime.migration import Migrator
from runtime.settings import Settings

SHOWN_ROWS = 20
"""Of each table that differs."""


@dataclass(frozen=True, slots=True)
class DifferentRow:
    """A row that is not as the log says; None where it is missing. Only what differs, by column."""

    key: str
    shown: Mapping[str, Any] | None
    logged: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Compared:
    """One table. `different` counts all rows that differ; `examples` are the first of them."""

    table: str
    rows: int
    different: int = 0
    examples: Sequence[DifferentRow] = ()


class Verification:
    """Of one domain, at one moment: what is shown later is not looked at."""

    def __init__(
        self,
        settings: Settings,
        projection: Projection,
        migrator: Migrator,
        shops: Shops = None,
        partitions: Sequence[int] | None = None,
    ) -> None:
        """`partitions`: those of the shops, where only these are to be verified."""
        self._settings = settings
        self._projection = projection
        self._migrator = migrator
        self._shops = shops
        self._partitions = partitions

    async def run(self, begin: Tell, tell: Tell) -> list[Compared]:
        """Every table, compared. `begin` hears how many offsets there are.

        Raises:
            LogRefused, RecordRefused: if the log, or one of its records, cannot be shown, or ends too early.
        """
        live = self._migrator.schema
        positions = Positions(live, self._projection.log)
        pool = await postgres.create_pool(self._settings, live, max_size=1)
        # One moment, however long it takes; and the schema stays the same one.
        async with pool, pool.acquire() as conn, conn.transaction(isolation="repeatable_read", readonly=True):
            await positions.enter_to_read(conn)
            ends = await self._ends(conn, positions)
            begin(sum(ends.values()))
            async with (
                scratch(self._settings, self._projection, self._migrator, ends, tell) as other,
                other.transaction(readonly=True),
            ):
                shown = Contents(conn, self._projection, live, self._shops)
                schema = await other.fetchval("SELECT current_schema()")
                logged = Contents(other, self._projection, schema, self._shops)
                ours, theirs = await shown.tables(), await logged.tables()
                if ours.keys() != theirs.keys():
                    raise LogRefused(
                        f"schema {live} has not the tables of this release: {', '.join(ours.keys() ^ theirs.keys())}"
                    )
                return [await _compared(ours[n], theirs[n], shown, logged) for n in ours]

    async def _ends(self, conn: Connection, positions: Positions) -> Ends:
        shown = {
            each.partition: each.next_offset
            for each in await positions.all(conn)
            if each.topic == self._projection.log
            and (self._partitions is None or each.partition in self._partitions)
        }
        for partition, end in (await ends_of(self._settings, self._projection)).items():
            if shown.get(partition, 0) > end:
                raise LogRefused(
                    f"{self._projection.log}[{partition}] is shown up to {shown[partition]}, but ends at {end}: it "
                    "has lost its end, or the tables are of another log"
                )
        return shown


async def _compared(ours: Table, theirs: Table, shown: Contents, logged: Contents) -> Compared:
    content = await shown.content(ours)
    if content == await logged.content(theirs):
        return Compared(ours.name, content.rows)
    keys = [key async for key in _different(shown.hashes(ours), logged.hashes(theirs))]
    first = keys[:SHOWN_ROWS]
    here, there = await shown.rows(ours, first), await logged.rows(theirs, first)
    examples = [_example(key, here.get(key), there.get(key)) for key in first]
    return Compared(ours.name, content.rows, len(keys), examples)


async def _different(
    ours: AsyncIterator[tuple[str, bytes]], theirs: AsyncIterator[tuple[str, bytes]]
) -> AsyncIterator[str]:
    """The keys that only one has, or with another row; both are in the order of keys."""
    a, b = await anext(ours, None), await anext(theirs, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a[0].encode() < b[0].encode()):
            assert a is not None
            yield a[0]
            a = await anext(ours, None)
        elif a is None or b[0].encode() < a[0].encode():
            yield b[0]
            b = await anext(theirs, None)
        else:
            if a[1] != b[1]:
                yield a[0]
            a, b = await anext(ours, None), await anext(theirs, None)


def _example(key: str, ours: Mapping[str, Any] | None, theirs: Mapping[str, Any] | None) -> DifferentRow:
    if ours is None or theirs is None:
        return DifferentRow(key, ours, theirs)
    names = [name for name in theirs if ours.get(name) != theirs[name]]
    return DifferentRow(key, {n: ours.get(n) for n in names}, {n: theirs[n] for n in names})
