"""How fast tables come back from their log, and what readers notice of it.

    python -m benchmarks.rebuild [--records 100000] [--vectors]

A log is written; then the learning tables are rebuilt, while somebody asks for single rows, verified, and decided
again under the policy in force. The limit of any rebuild is a COPY of the same rows into empty tables with the same
indexes. With vectors, one record in ten is a correction with two of them.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop
from asyncpg import Connection
from rich.console import Console

from benchmarks import history
from cli.decider import pure
from cli.migrate import migrator_of
from cli.tree import Layout, grown
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
PAUSE = 0.01  # seconds between two questions of a reader
TABLES = (
    *("response_analytics", "conversation_feedback", "owner_corrections"),
    *("learning_queue", "learning_sources", "learning_audit_log"),
)
"""Those that get rows here."""


def _unheard(_: object) -> None: ...


@dataclass
class Reader:
    """Asks for one row after the other, and notes how long each answer takes, in milliseconds."""

    settings: Settings

    async def beside(self, work: Awaitable[Any]) -> tuple[float, list[float]]:
        """Seconds of the work, and the answers meanwhile."""
        conn = await connect(self.settings, LEARNING.name)
        ids = [row["id"] for row in await conn.fetch(ROWS)]
        took: list[float] = []
        begin = time.perf_counter()
        running = asyncio.ensure_future(work)
        while not running.done():
            asked = time.perf_counter()
            assert await conn.fetchval(ONE, ids[len(took) % len(ids)]) is not None
            took.append(1000 * (time.perf_counter() - asked))
            await asyncio.sleep(PAUSE)
        await running
        seconds = time.perf_counter() - begin
        await conn.close()
        return seconds, took


async def copied(conn: Connection) -> tuple[float, int]:
    """Seconds that it takes to COPY the same rows into empty tables with the same indexes, and how many these are."""
    seconds, rows = 0.0, 0
    for name in TABLES:
        await conn.execute(f"CREATE TEMPORARY TABLE copy_of_{name} (LIKE {name} INCLUDING ALL)")
        held = io.BytesIO()
        await conn.copy_from_query(f"SELECT * FROM {name}", output=held, format="binary")
        held.seek(0)
        begin = time.perf_counter()
        done = await conn.copy_to_table(f"copy_of_{name}", source=held, format="binary")
        seconds += time.perf_counter() - begin
        rows += int(done.split()[1])
    return seconds, rows


def noticed(took: list[float]) -> str:
    """What a reader notices."""
    ordered = sorted(took)
    p99 = ordered[int(0.99 * len(ordered))]
    return f"p50 {statistics.median(ordered):.1f}, p99 {p99:.1f}, max {ordered[-1]:.1f} ms of {len(took)} answers"


async def measure(number: int, vectors: bool, say: Callable[[str], None]) -> None:
    """Writes a log, and measures."""
    with tempfile.TemporaryDirectory(prefix="relearn-bench-") as folder:
        async with grown(Layout(Path(folder), parts=()), SystemClock(), say) as tree:
            settings, migrator = tree.settings, migrator_of(tree.settings, LEARNING.name)
            begin = time.perf_counter()
            await history.write(settings, number, vectors=vectors)
            say(f"{number:,} records written in {time.perf_counter() - begin:.0f} s")
            rebuild = Rebuild(settings, PROJECTION, migrator, os.cpu_count() or 1)
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
    seconds, rows = await copied(conn)
    await conn.close()
    say(f"{rows:,} rows; COPY alone {seconds:.1f} s, {rows / seconds:,.0f} rows/s")
    seconds, took = await reader.beside(rebuild.run(_unheard))
    say(f"rebuilt in {seconds:.1f} s, {records / seconds:,.0f} records/s, {rows / seconds:,.0f} rows/s")
    say(f"a reader before: {noticed(calm)}")
    say(f"a reader beside it, the swap included: {noticed(took)}")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--vectors", action="store_true")
    console, told = Console(highlight=False), parser.parse_args()
    uvloop.run(measure(told.records, told.vectors, console.print))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    console.print(f"load of the machine now: {load} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
