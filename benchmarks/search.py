"""What it costs a search that the database keeps shops apart: as the owner of the tables, and for one shop alone.

    python -m benchmarks.search [--rows 100000]

One shop has so many rows, a thousand others share as many. Both ask the same in turn, on one connection each. Runs on
an embedded PostgreSQL in a temporary folder, which takes about 6 KB for each row.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql
from asyncpg import Connection
from rich.console import Console

from benchmarks.tables import BEFORE_VECTOR_INDEXES, SCHEMA, Measured, milliseconds, server, table
from projections.learning.projection import PROJECTION
from projections.learning.queries import LearningQueries
from runtime.migration import Migrator
from runtime.postgres import connect, create_pool
from runtime.settings import Settings

LARGE_SHOP, OTHERS = 1, 1_000
SHOPS = {"of one shop": LARGE_SHOP, "of many": LARGE_SHOP + 1}
STEP = 20_000
"""Rows of one statement while loading."""
PROBES = 100
"""Of each shop, and first of all as many unmeasured searches."""
MOST_SLOWER = 1.1
"""A reader's median against the owner's."""


@dataclass(frozen=True, slots=True)
class Kept(Measured):
    """A reader's searches; what counts is the median."""

    @property
    def is_met(self) -> bool:
        return self.median < self.limit


async def fill(conn: Connection, rows: int) -> None:
    """Loads, then makes the vector indexes."""
    sql, migrator = statements(), Migrator(SCHEMA)
    await migrator.upgrade(conn, until=BEFORE_VECTOR_INDEXES)
    await sql.seed(conn)
    for first in range(0, 2 * rows, STEP):
        last = min(first + STEP, 2 * rows) - 1
        await sql.load_knowledge(conn, first=first, last=last, large_shop=LARGE_SHOP, others=OTHERS)
    await migrator.upgrade(conn)
    await sql.tidy(conn)


async def measured(settings: Settings) -> AsyncIterator[Measured]:
    """Each kind of shop, with meaning and words and with words alone."""
    async with (
        await create_pool(settings, SCHEMA, min_size=1, max_size=1) as owner,
        await create_pool(settings, SCHEMA, min_size=1, max_size=1) as reader,
    ):
        for name, shop in SHOPS.items():
            found = statements().probes(owner, shop_id=shop, number=PROBES)
            probes = [(row["question"], row["question_embedding"].to_numpy()) async for row in found]
            asking = {
                "owner": LearningQueries(owner, PROJECTION),
                "reader": LearningQueries(reader, PROJECTION).for_shops([shop]),
            }
            for kind, asked in (("", probes), (", words alone", [(words, None) for words, _ in probes])):
                took = await in_turn(asking, shop, asked)
                # The owner's own limit is that of a duplicate search.
                yield Measured(f"knowledge {name}{kind}, as the owner", 50, took["owner"])
                limit = MOST_SLOWER * float(sorted(took["owner"])[len(took["owner"]) // 2])
                yield Kept(f"knowledge {name}{kind}, for the shop alone", limit, took["reader"])


async def in_turn(
    asking: Mapping[str, LearningQueries], shop: int, probes: Sequence[tuple[str, Any]]
) -> Mapping[str, Sequence[float]]:
    """Milliseconds of each search by who asks, the second time that it is asked."""
    took: dict[str, list[float]] = {name: [] for name in asking}
    for is_measured in (False, True):
        for words, vector in probes:
            for name, ask in asking.items():
                spent = await milliseconds(ask.search(shop, words, vector))
                if is_measured:
                    took[name].append(spent)
    return took


def statements() -> Any:
    """The SQL beside this file."""
    return aiosql.from_path(Path(__file__).with_suffix(".sql"), "asyncpg")


async def measure(rows: int) -> list[Measured]:
    """Makes, fills and asks the tables."""
    async with server() as settings:
        conn = await connect(settings, SCHEMA, vectors=False)
        await fill(conn, rows)
        await conn.close()
        return [one async for one in measured(settings)]


def main() -> None:
    """Prints the table of measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=100_000)
    Console(width=120, highlight=False).print(table(asyncio.run(measure(parser.parse_args().rows))))


if __name__ == "__main__":
    main()
