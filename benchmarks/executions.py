"""The executions domain: rate from events to rows, the served queries over full tables, and what they weigh.

    python -m benchmarks.executions [--tasks 10000] [--rows 100000]

The rate is of whole executions (a routed and a completed event, joined and shown) through the real tree, from
before the first append until the last row is visible. Nothing is embedded: type and description are dashes, in
which there is no letter or digit, and no solution is told; all else that a router says is there.

The tables stand on a PostgreSQL of their own and are filled by SQL with the executions of 100 days. After 90 of
them they are weighed; the last ten days are added to the living vector indexes, as a projector does. One at a
time the slowest answer counts, with four at once (of one kind, then of any kind) 95 of 100.

0 tasks or 0 rows: that half is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiosql
import numpy as np
import uvloop
from asyncpg import Connection, Pool
from rich.console import Console

from benchmarks.pipeline import Bench
from benchmarks.tables import SECOND, Measured, milliseconds, server, table
from cli.tree import Layout, grown
from cli.up import until_ready
from projections.executions.projection import PROJECTION
from projections.executions.queries import ExecutionQueries
from projections.queries import Row
from runtime.clock import SystemClock
from runtime.migration import Migrator
from runtime.postgres import connect, create_pool
from schemas.codec import encode
from schemas.event import Event
from schemas.task import TaskCompleted, TaskRouted
from schemas.topics import EXECUTIONS
from streams.batches import Message

SCHEMA = PROJECTION.name
TARGET_RATE = 2_000
WARM = 10_000
"""Executions before it is measured: a broker compiles what is used often."""
TASKS = EXECUTIONS.inputs[0].name
SHOWN = "SELECT count(*) FROM executions.executions"
DECIDED = "SELECT coalesce(sum(seq), 0)::BIGINT FROM executions.positions"
"""How many records are shown, those of ticks, too: it moves with the rows, and costs nothing to ask."""
EMBEDDED = f"{SHOWN} WHERE embedding IS NOT NULL OR solution_embedding IS NOT NULL"

BEFORE_VECTOR_INDEXES = "0007_performance"
TOPICS = 500
STEP = 25_000
"""Rows of one statement while loading."""
TARGET_MEGABYTES = 500

ASKED = 100
"""Of each query, and first of all as many unmeasured ones."""
AT_ONCE = 4
ALONE_LIMIT, TOGETHER_LIMIT = 100, 200  # milliseconds
NEAREST = 10
SINCE = datetime(2026, 1, 11, tzinfo=UTC)  # ninety days before the last execution
REPOS = ("repo-0", "repo-1")
"""With a fifth of all executions, and with as many as most."""

Ask = Callable[[int], Awaitable[Sequence[Row]]]  # the nth question of a kind


def routed(task_id: str, number: int) -> TaskRouted:
    return TaskRouted(
        task_id=task_id,
        task_type="-",
        task_description="-",
        repo=f"repo-{number % 50}",
        file_count=number % 12,
        estimated_tokens=500 + number % 8_000,
        model_tier=("small", "medium", "large")[number % 3],
        pool_type="api" if number % 2 else "local",
        routing_confidence=0.5 + number % 50 / 100,
        complexity_score=float(number % 100),
        cost_estimate=0.01 * (number % 70),
        predicted_duration_seconds=float(number % 300),
        metadata={"router": "by-size", "candidates": 3},
    )


def completed(task_id: str, number: int) -> TaskCompleted:
    return TaskCompleted(
        task_id=task_id,
        success=number % 5 > 0,
        duration_seconds=float(number % 290),
        quality_score=float(number % 100),
        cost_actual=0.01 * (number % 60),
        peak_memory_mb=float(number % 2_000),
        cpu_time_seconds=float(number % 200),
        tokens_used=number % 9_000,
    )


def told(number: int) -> Iterator[Event[Any]]:
    """All that is said of so many new tasks: each is routed, and then it ends."""
    for n in range(number):
        task_id = uuid4().hex
        for data in (routed(task_id, n), completed(task_id, n)):
            yield Event(uuid4(), "/benchmarks", datetime.now(UTC), 0, task_id, data)


async def rate(bench: Bench, number: int) -> float:
    """Executions a second from the first append to the last row."""
    before, decided = await bench.count(SHOWN), await bench.count(DECIDED)
    said = [Message(each.subject.encode(), encode(each)) for each in told(number) if each.subject]
    begin = time.perf_counter()
    await bench.append(TASKS, said)
    await bench.until(DECIDED, decided + len(said), seconds=0.05)
    await bench.until(SHOWN, before + number)
    return number / (time.perf_counter() - begin)


async def measure_rate(number: int, say: Callable[[str], None]) -> None:
    """Three times in one tree, after a warming one. Nothing may be embedded."""
    with tempfile.TemporaryDirectory(prefix="relearn-bench-") as folder:
        async with grown(Layout(Path(folder)), SystemClock(), say) as tree:
            await until_ready(tree)
            async with Bench(tree.settings) as bench:
                await rate(bench, WARM)
                rates = [await rate(bench, number) for _ in range(3)]
                assert await bench.count(EMBEDDED) == 0
    median = statistics.median(rates)
    say(
        f"{number:,} executions without embedding: {median:,.0f} executions/s to rows (of "
        f"{', '.join(f'{each:,.0f}' for each in rates)}), of {TARGET_RATE:,} {mark(median >= TARGET_RATE)}"
    )


def mark(is_met: bool) -> str:
    return "met" if is_met else "missed"


class Filling:
    """Makes the tables and fills them with the executions of 100 days, on one connection."""

    def __init__(self, conn: Connection, rows: int, say: Callable[[str], None]) -> None:
        self._conn = conn
        self._rows = rows
        self._say = say
        self._migrator = Migrator(SCHEMA, PROJECTION.name)
        self._sql: Any = statements()

    async def fill(self) -> None:
        """Ninety days, then the vector indexes, then the scales, then ten days more."""
        ninety = self._rows * 9 // 10
        await self._migrator.upgrade(self._conn, until=BEFORE_VECTOR_INDEXES)
        await self._prepare()
        await self._timed(f"{ninety:,} executions loaded", self._load(1, ninety))
        await self._timed("their opinions loaded", self._sql.load_feedback(self._conn))
        await self._timed("their audit loaded", self._sql.load_audit(self._conn))
        await self._timed("vector indexes built", self._migrator.upgrade(self._conn))
        await self._timed("vacuumed and analysed", self._sql.tidy(self._conn))
        await self._weigh()
        await self._timed(f"{self._rows - ninety:,} more added", self._load(ninety + 1, self._rows))
        await self._timed("vacuumed and analysed", self._sql.tidy(self._conn))

    async def _prepare(self) -> None:
        await self._sql.seed(self._conn)
        await self._sql.make_topics(self._conn)
        await self._sql.fill_topics(self._conn, topics=TOPICS)
        await self._sql.make_months(self._conn)

    async def _load(self, first: int, last: int) -> None:
        for begin in range(first, last + 1, STEP):
            end = min(begin + STEP - 1, last)
            await self._sql.load_executions(self._conn, first=begin, last=end, rows=self._rows, topics=TOPICS)

    async def _weigh(self) -> None:
        sizes = {row["part"]: row["bytes"] / 1e6 async for row in self._sql.sizes(self._conn)}
        whole = sum(sizes.values())
        parts = ", ".join(f"{part} {size:.0f}" for part, size in sizes.items())
        self._say(
            f"90 days at {self._rows / 100:,.0f} a day: {whole:.0f} MB on disk ({parts}), "
            f"of {TARGET_MEGABYTES} MB {mark(whole < TARGET_MEGABYTES)}"
        )

    async def _timed(self, what: str, work: Awaitable[object]) -> None:
        self._say(f"{what} in {await milliseconds(work) / SECOND:.0f} s")


@dataclass(frozen=True, slots=True)
class Alone(Measured):
    """Asked one at a time: every answer must come in time."""

    @property
    def is_met(self) -> bool:
        return max(self.took) < self.limit


class Asking:
    """Measures what the full tables answer, through the code that asks them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._sql: Any = statements()
        self._queries = ExecutionQueries(pool, PROJECTION)

    async def measured(self) -> AsyncIterator[Measured]:
        """Each query on its own, then four of its kind at once, then four of any kind."""
        probes = [row["embedding"].to_numpy() async for row in self._sql.probes(self._pool, number=ASKED)]
        asked = self._questions(probes)
        await self._warm(asked)
        notes = {"similar": f", recall {np.mean([await self._recall(probe) for probe in probes]):.3f}"}
        for name, ask in asked.items():
            took = [await milliseconds(ask(n)) for n in range(ASKED)]
            yield Alone(name, ALONE_LIMIT, took, slowest(took) + notes.get(name, ""))
        for name, ask in asked.items():
            for took in (await together({name: ask})).values():
                yield Measured(f"{name}, {AT_ONCE} at once", TOGETHER_LIMIT, took, slowest(took))
        for name, took in (await together(asked)).items():
            yield Measured(f"{name}, {AT_ONCE} of any at once", TOGETHER_LIMIT, took, slowest(took))

    def _questions(self, probes: Sequence[Any]) -> Mapping[str, Ask]:
        latest = ((None, None), (REPOS[0], None), (REPOS[1], "type-1"))
        return {
            "recent": lambda n: self._queries.recent(*latest[n % len(latest)]),
            "similar": lambda n: self._queries.similar(probes[n % len(probes)], NEAREST),
            "best": lambda n: self._queries.best(REPOS[n % len(REPOS)], f"type-{n % 8}"),
            "trend": lambda n: self._queries.trend(REPOS[n % len(REPOS)], SINCE),
            "calibration": lambda n: self._queries.calibration(),
        }

    async def _warm(self, asked: Mapping[str, Ask]) -> None:
        """All connections grow old with their prepared statements, and nothing is fast for finding nothing."""
        for name, ask in asked.items():
            if not await ask(0):
                raise LookupError(f"{name} finds nothing")
        await together(asked)

    async def _recall(self, probe: Any) -> float:
        """How many of the nearest the search finds."""
        rows = self._sql.nearest(self._pool, embedding=probe, number=NEAREST)
        truth = {row["task_id"] async for row in rows}
        found = {row["task_id"] for row in await self._queries.similar(probe, NEAREST)}
        return len(truth & found) / len(truth)


async def together(asked: Mapping[str, Ask]) -> Mapping[str, list[float]]:
    """Milliseconds of each question, with four under way at any moment, of these kinds in turn."""
    took: dict[str, list[float]] = {name: [] for name in asked}
    waiting = iter([(name, n) for n in range(ASKED) for name in asked])

    async def worker() -> None:
        for name, n in waiting:
            took[name].append(await milliseconds(asked[name](n)))

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return took


def slowest(took: Sequence[float]) -> str:
    return f"slowest {max(took):.1f} ms"


def statements() -> Any:
    """The SQL beside this file."""
    return aiosql.from_path(Path(__file__).with_suffix(".sql"), "asyncpg")


async def measure_tables(rows: int, say: Callable[[str], None]) -> list[Measured]:
    """Makes, fills, weighs and asks the tables."""
    async with server() as settings:
        conn = await connect(settings, SCHEMA, vectors=False)
        await Filling(conn, rows, say).fill()
        await conn.close()
        async with await create_pool(settings, SCHEMA, min_size=AT_ONCE, max_size=AT_ONCE) as pool:
            return [one async for one in Asking(pool).measured()]


def main() -> None:
    """Prints what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--rows", type=int, default=100_000)
    asked = parser.parse_args()
    console = Console(width=120, highlight=False)
    if asked.tasks:
        uvloop.run(measure_rate(asked.tasks, console.print))
    if asked.rows:
        console.print(table(asyncio.run(measure_tables(asked.rows, console.print))))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    console.print(f"load of the machine now: {load} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
