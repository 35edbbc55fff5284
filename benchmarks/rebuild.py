"""How fast tables come back from their log, and what readers notice of it.

    python -m benchmarks.rebuild [--records 100000] [--vectors] [--parallel N]

A log is written; then the learning tables are rebuilt, while somebody asks for single rows, verified, and decided
again under the policy in force. The limit of any rebuild is a COPY of the same rows into empty tables with the same
indexes, those of vectors made afterwards. With vectors, one record in ten is a correction with two of them.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from asyncpg import Connection
from rich.console import Console

from benchmarks import history
from cli.decider import pure
from cli.migrate import migrator_of
from cli.tree import Layout, grown
from projections.building import EVERY_CORE, INDEX_MEMORY
from projections.learning.projection import PROJECTION
from projections.rebuild import Rebuild
from projections.verifying import Verification
from runtime.clock import SystemClock
from runtime.postgres import connect
from runtime.settings import Settings
from schemas.policy import LearningPolicy
from schemas.topics import LEARNING
from streams.hearing import Tell
from streams.trial import try_policy

ROWS = "SELECT id FROM response_analytics LIMIT 1000"
ONE = "SELECT response_type FROM response_analytics WHERE id = $1"
GRAPHS = """
SELECT indexrelid::REGCLASS::TEXT AS name, pg_get_indexdef(indexrelid) AS definition
  FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_am a ON a.oid = c.relam
 WHERE indrelid = $1::TEXT::REGCLASS AND amname = 'hnsw'
"""
PAUSE = 0.01  # seconds between two questions of a reader
AROUND = 2.0  # seconds at the end of a rebuild, in which the schemas are swapped and the old one is dropped
TABLES = (
    *("response_analytics", "conversation_feedback", "owner_corrections"),
    *("learning_queue", "learning_sources", "learning_audit_log"),
)
"""Those that get rows here."""


def _unheard(_: object) -> None: ...


@dataclass
class Reader:
    """Asks for one row after the other, and notes when, and how long each answer takes, in milliseconds."""

    settings: Settings

    async def beside(self, work: Awaitable[Any]) -> tuple[float, list[tuple[float, float]]]:
        """Seconds of the work, and the answers meanwhile, each with the second in which it came."""
        conn = await connect(self.settings, LEARNING.name)
        ids = [row["id"] for row in await conn.fetch(ROWS)]
        took: list[tuple[float, float]] = []
        begin = time.perf_counter()
        running = asyncio.ensure_future(work)
        while not running.done():
            asked = time.perf_counter()
            assert await conn.fetchval(ONE, ids[len(took) % len(ids)]) is not None
            took.append((asked - begin, 1000 * (time.perf_counter() - asked)))
            await asyncio.sleep(PAUSE)
        await running
        seconds = time.perf_counter() - begin
        await conn.close()
        return seconds, took


@dataclass
class Loading:
    """Hears how far a rebuild is, and notes when all that was to be loaded was."""

    offsets: int
    began: float = field(default_factory=time.perf_counter)
    seconds: float = 0.0

    def tell(self, count: int) -> None:
        self.offsets -= count
        if self.offsets <= 0 and not self.seconds:
            self.seconds = time.perf_counter() - self.began


async def copied(conn: Connection) -> tuple[float, float, int]:
    """Seconds that it takes to COPY the same rows into empty tables with the same indexes, and then to make those of
    vectors; and how many rows these are."""
    seconds, graphs, rows = 0.0, 0.0, 0
    await conn.execute(f"SET maintenance_work_mem = '{INDEX_MEMORY}'")
    for name in TABLES:
        await conn.execute(f"CREATE TEMPORARY TABLE copy_of_{name} (LIKE {name} INCLUDING ALL)")
        later = await conn.fetch(GRAPHS, f"copy_of_{name}")
        for index in later:
            await conn.execute(f"DROP INDEX {index['name']}")
        held = io.BytesIO()
        await conn.copy_from_query(f"SELECT * FROM {name}", output=held, format="binary")
        held.seek(0)
        begin = time.perf_counter()
        done = await conn.copy_to_table(f"copy_of_{name}", source=held, format="binary")
        between = time.perf_counter()
        for index in later:
            await conn.execute(index["definition"])
        seconds, graphs = seconds + between - begin, graphs + time.perf_counter() - between
        rows += int(done.split()[1])
        await conn.execute(f"DROP TABLE copy_of_{name}")
    return seconds, graphs, rows


def noticed(answers: list[tuple[float, float]]) -> str:
    """What a reader notices."""
    ordered = sorted(took for _, took in answers)
    p99 = ordered[int(0.99 * len(ordered))]
    return f"p50 {statistics.median(ordered):.1f}, p99 {p99:.1f}, max {ordered[-1]:.1f} ms of {len(ordered)} answers"


async def measure(number: int, vectors: bool, parallel: int, say: Callable[[str], None]) -> None:
    """Writes a log, and measures."""
    with tempfile.TemporaryDirectory(prefix="relearn-bench-") as folder:
        async with grown(Layout(Path(folder), parts=()), SystemClock(), say) as tree:
            settings, migrator = tree.settings, migrator_of(tree.settings, LEARNING.name)
            begin = time.perf_counter()
            await history.write(settings, number, vectors=vectors)
            say(f"{number:,} records written in {time.perf_counter() - begin:.0f} s")
            rebuild = Rebuild(settings, PROJECTION, migrator, parallel)
            # There are no tables yet that anybody could read.
            await rebuild.run(_unheard)
            await compare(settings, rebuild, number, say)
            begin = time.perf_counter()
            found = await Verification(settings, PROJECTION, migrator).run(_unheard, _unheard)
            assert not any(each.different for each in found)
            seconds = time.perf_counter() - begin
            say(f"verified in {seconds:.1f} s, {number / seconds:,.0f} records/s")
            begin = time.perf_counter()
            await try_policy(
                settings, pure(LEARNING.name), LearningPolicy(), _unheard, Tell(_unheard, _unheard)
            )
            seconds = time.perf_counter() - begin
            say(f"decided again in {seconds:.1f} s, {number / seconds:,.0f} records/s")


async def compare(settings: Settings, rebuild: Rebuild, records: int, say: Callable[[str], None]) -> None:
    """A rebuild against COPY, and against what a reader notices without one."""
    reader = Reader(settings)
    _, calm = await reader.beside(asyncio.sleep(5))
    conn = await connect(settings, LEARNING.name)
    copying, graphs, rows = await copied(conn)
    await conn.close()
    say(f"{rows:,} rows; COPY alone {copying:.1f} s, {rows / copying:,.0f} rows/s; graphs {graphs:.1f} s")
    loading = Loading(sum((await rebuild.ends()).values()))
    seconds, took = await reader.beside(rebuild.run(loading.tell))
    say(
        f"rebuilt in {seconds:.1f} s, {records / seconds:,.0f} records/s, {rows / seconds:,.0f} rows/s; "
        f"loaded in {loading.seconds:.1f} s, {rows / loading.seconds:,.0f} rows/s"
    )
    say(f"a reader before: {noticed(calm)}")
    say(f"a reader beside it: {noticed(took)}")
    say(f"a reader at its end, the swap included: {noticed([a for a in took if a[0] > seconds - AROUND])}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--vectors", action="store_true")
    parser.add_argument("--parallel", type=int, default=EVERY_CORE)
    console, told = Console(highlight=False), parser.parse_args()
    uvloop.run(measure(told.records, told.vectors, told.parallel, console.print))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    console.print(f"load of the machine now: {load} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
