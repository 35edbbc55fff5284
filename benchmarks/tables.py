"""How fast the tables answer with a million items in the queue: migration, lookups, searches, refreshes.

    python -m benchmarks.tables [--rows 1000000] [--live 100000]

Runs on an embedded PostgreSQL in a temporary folder, which takes about 5 KB for each row and 4 GB for the
write-ahead log. Live items (pending and approved) are in the vector index; the other rows are rejected and applied
ones. The vector index is built after loading.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import aiosql
import numpy as np
from asyncpg import Connection, Pool
from rich.console import Console
from rich.table import Table

from projections.learning.jobs import LearningJobs
from projections.learning.projection import PROJECTION
from projections.learning.queries import After, LearningQueries
from runtime.embedded.postgres import EmbeddedPostgres
from runtime.migration import Migrator
from runtime.postgres import connect, create_pool
from runtime.settings import Settings

SCHEMA = "learning"
BEFORE_VECTOR_INDEXES = "0013_metrics"
SHOPS = 200
COMPARED = {"large": 1, "medium": 2, "small": 3}
"""Shops by their size: a fifth of all items, a tenth, and what the other shops have on average."""
TOPICS = 1_000
CONVERSATIONS = 100
"""Of each shop."""
STEP = 100_000
"""Rows of one statement while loading."""
LOOKUPS = 50
"""Of each shop compared, and first of all as many unmeasured ones."""
REFRESHES = 5

SECOND = 1_000.0


@dataclass(frozen=True, slots=True)
class Measured:
    """One line of the result."""

    name: str
    limit: float
    """Milliseconds; what the 95th percentile must stay below."""
    took: Sequence[float]
    """Milliseconds."""
    note: str = ""

    @property
    def median(self) -> float:
        return float(np.percentile(self.took, 50))

    @property
    def p95(self) -> float:
        return float(np.percentile(self.took, 95))

    @property
    def is_met(self) -> bool:
        return self.p95 < self.limit


async def milliseconds(work: Awaitable[object]) -> float:
    """How long it takes until this is done."""
    begin = perf_counter()
    await work
    return SECOND * (perf_counter() - begin)


class Filling:
    """Makes the tables and fills them, on one connection."""

    def __init__(self, conn: Connection, say: Callable[[str], None]) -> None:
        self._conn = conn
        self._say = say
        self._migrator = Migrator(SCHEMA)
        self._sql: Any = statements()

    async def migrate(self) -> Measured:
        """From nothing to all tables and indexes, still empty."""
        took = await milliseconds(self._migrator.upgrade(self._conn))
        return Measured("migration of an empty database", 30 * SECOND, [took])

    async def fill(self, rows: int, live: int) -> None:
        """Loads, then makes the vector indexes, then does what autovacuum would do in time."""
        await self._migrator.downgrade(self._conn, to=BEFORE_VECTOR_INDEXES)
        await self._timed(f"{rows:,} items loaded", self._load_items(rows, live / rows))
        await self._timed(f"{rows:,} responses loaded", self._load_responses(rows))
        await self._timed(f"vector index of {live:,} live items built", self._migrator.upgrade(self._conn))
        await self._timed("vacuumed and analysed", self._sql.tidy(self._conn))
        await self._sql.make_similar_items(self._conn)

    async def _load_items(self, rows: int, live_share: float) -> None:
        await self._sql.seed(self._conn)
        await self._sql.make_topics(self._conn)
        await self._sql.fill_topics(self._conn, topics=TOPICS)
        for first in range(1, rows + 1, STEP):
            last = min(first + STEP - 1, rows)
            await self._sql.load_items(
                self._conn, first=first, last=last, live_share=live_share, topics=TOPICS
            )

    async def _load_responses(self, rows: int) -> None:
        await self._sql.load_conversations(self._conn, shops=SHOPS, each=CONVERSATIONS)
        await self._sql.make_months(self._conn)
        await self._sql.load_responses(self._conn, rows=rows, shops=SHOPS, each=CONVERSATIONS)

    async def _timed(self, what: str, work: Awaitable[object]) -> None:
        self._say(f"{what} in {await milliseconds(work) / SECOND:.0f} s")


class Asking:
    """Measures what the full tables answer, through the code that asks them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql: Any = statements()
        self._queries = LearningQueries(pool, PROJECTION)
        self._jobs = LearningJobs(pool)

    async def measured(self, changed: int) -> AsyncIterator[Measured]:
        """Everything, a line at a time. `changed`: rows of the queue that change before each refresh."""
        for size, shop in COMPARED.items():
            yield await self._lookups(size, shop)
        for size, shop in COMPARED.items():
            yield await self._searches(size, shop)
        yield await self._learning_refresh(changed)
        yield await self._response_refresh()

    async def _lookups(self, size: str, shop: int) -> Measured:
        """First pages and the ones after, in turn."""
        page = await self._queries.queue(shop)
        after = After(page[-1]["created_at"], page[-1]["id"])
        pages = [None, after] * LOOKUPS
        took = [await milliseconds(self._queries.queue(shop, after=each)) for each in pages]
        return Measured(f"pending items of a {size} shop, a page of 50", 10, took[LOOKUPS:])

    async def _searches(self, size: str, shop: int) -> Measured:
        live = await self._sql.live_items(self._pool, shop_id=shop)
        probes = [
            row["embedding"] async for row in self._sql.probes(self._pool, shop_id=shop, number=LOOKUPS)
        ]
        for probe in probes:
            await self._found("similar_items", shop, probe)
        took = [await milliseconds(self._found("similar_items", shop, probe)) for probe in probes]
        recall = np.mean([await self._recall(shop, probe) for probe in probes])
        note = f"{live:,} live, recall {recall:.3f}"
        return Measured(f"duplicates in a {size} shop", 50, took, note)

    async def _recall(self, shop: int, probe: object) -> float:
        """How many of the ten nearest the search finds."""
        truth = await self._found("nearest_items", shop, probe)
        return len(truth & await self._found("similar_items", shop, probe)) / len(truth)

    async def _found(self, query: str, shop: int, probe: object) -> set[object]:
        rows = getattr(self._sql, query)(self._pool, shop_id=shop, embedding=probe)
        return {row["id"] async for row in rows}

    async def _learning_refresh(self, changed: int) -> Measured:
        await self._jobs.refresh_learning_metrics()
        took = []
        for number in range(REFRESHES):
            await self._sql.review_items(self._pool, number=changed, round=number)
            took.append(await milliseconds(self._jobs.refresh_learning_metrics()))
        return Measured("refresh of daily_learning_metrics", 5 * SECOND, took)

    async def _response_refresh(self) -> Measured:
        await self._jobs.refresh_response_metrics()
        took = [await milliseconds(self._jobs.refresh_response_metrics()) for _ in range(REFRESHES)]
        return Measured("refresh of response_performance_metrics", 5 * SECOND, took)


def statements() -> Any:
    """The SQL beside this file."""
    return aiosql.from_path(Path(__file__).with_suffix(".sql"), "asyncpg")


def table(results: Sequence[Measured]) -> Table:
    """The results with their limits."""
    drawn = Table("", "median", "95 %", "limit", "", "", box=None)
    for one in results:
        mark = "met" if one.is_met else "missed"
        drawn.add_row(one.name, *map(spoken, (one.median, one.p95, one.limit)), mark, one.note)
    return drawn


def spoken(took: float) -> str:
    """Milliseconds as people say them."""
    return f"{took / SECOND:.1f} s" if took >= SECOND else f"{took:.1f} ms"


@asynccontextmanager
async def server() -> AsyncIterator[Settings]:
    """A PostgreSQL of its own that leaves nothing behind."""
    with tempfile.TemporaryDirectory(prefix="relearn-") as folder:
        postgres = EmbeddedPostgres(Path(folder))
        url = await postgres.start()
        try:
            yield Settings(kafka_bootstrap_servers="none", database_url=url)
        finally:
            await postgres.stop()


async def measure(rows: int, live: int, say: Callable[[str], None]) -> list[Measured]:
    """Makes, fills and asks the tables."""
    async with server() as settings:
        conn = await connect(settings, SCHEMA, vectors=False)
        filling = Filling(conn, say)
        results = [await filling.migrate()]
        await filling.fill(rows, live)
        await conn.close()
        # One connection, so that its prepared statements grow old and their plans are the lasting ones.
        async with await create_pool(settings, SCHEMA, min_size=1, max_size=1) as pool:
            results += [one async for one in Asking(pool).measured(rows // 100)]
        return results


def main() -> None:
    """Prints the table of measurements."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--live", type=int, default=100_000)
    asked = parser.parse_args()
    if not 1_000 <= asked.live <= asked.rows:
        parser.error("--live must be between 1,000 and --rows")
    console = Console(width=120, highlight=False)
    console.print(
        f"{asked.rows:,} items of {SHOPS} shops; {asked.live:,} of them live and in the vector index, the rest "
        "rejected or applied"
    )
    results = asyncio.run(measure(asked.rows, asked.live, console.print))
    console.print(table(results))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    console.print(f"load of the machine now: {load} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
