"""Runs every benchmark, one after the other, and says at the end how each went.

    python -m benchmarks [--merging PATH]

Each runs in a process of its own, as `python -m benchmarks.NAME` would, where it can also be given its options.
PATH is the file that `benchmarks.merging` wants; without it that one is not run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Benchmark:
    """A module of this package, and what it measures."""

    module: str
    headline: str


BENCHMARKS = (
    Benchmark("bench_encoder", "texts embedded by the bare encoder"),
    Benchmark("bench_enricher", "inputs answered by one enricher"),
    Benchmark("bench_decider", "decisions of the loop alone"),
    Benchmark("tables", "lookups, searches and refreshes of full tables"),
    Benchmark("search", "searches of a large knowledge base, with shops kept apart"),
    Benchmark("pipeline", "from event to row, all parts together"),
    Benchmark("executions", "tasks joined and shown, and what is asked of them"),
    Benchmark("api", "the HTTP API: events accepted, searches, many clients"),
    Benchmark("rebuild", "tables from their log, beside those that are read"),
)
MERGING = Benchmark("merging", "how well merging finds what is the same")


@dataclass(frozen=True, slots=True)
class Run:
    """How one benchmark went."""

    benchmark: Benchmark
    seconds: float
    status: int

    @property
    def outcome(self) -> str:
        return "done" if self.status == 0 else f"failed with status {self.status}"


def runs(console: Console, merging: Path | None) -> Iterator[Run]:
    """Runs all, each under its headline."""
    for benchmark in BENCHMARKS:
        yield run(console, benchmark, [])
    if merging is not None:
        yield run(console, MERGING, [str(merging)])


def run(console: Console, benchmark: Benchmark, options: Sequence[str]) -> Run:
    """Lets the benchmark print what it has to say."""
    console.rule(f"{benchmark.module}: {benchmark.headline}", align="left")
    begin = perf_counter()
    command = [sys.executable, "-m", f"benchmarks.{benchmark.module}", *options]
    status = subprocess.run(command, check=False).returncode
    return Run(benchmark, perf_counter() - begin, status)


def table(done: Sequence[Run]) -> Table:
    """One line for each benchmark, those that were not run included."""
    drawn = Table("benchmark", "of", "took", "", box=None)
    for one in done:
        drawn.add_row(one.benchmark.module, one.benchmark.headline, f"{one.seconds:.0f} s", one.outcome)
    if MERGING not in [one.benchmark for one in done]:
        drawn.add_row(MERGING.module, MERGING.headline, "", "not run: needs --merging PATH")
    return drawn


def main() -> int:
    """Prints everything; the status is 1 if a benchmark failed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--merging", type=Path, metavar="PATH")
    asked = parser.parse_args()
    console = Console(highlight=False)
    done = list(runs(console, asked.merging))
    console.rule(align="left")
    console.print(table(done))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    console.print(f"load of the machine now: {load} on {os.cpu_count()} processors")
    return int(any(one.status for one in done))


if __name__ == "__main__":
    sys.exit(main())
