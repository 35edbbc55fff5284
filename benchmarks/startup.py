"""How long a decider takes until it decides: from the log alone, and from a snapshot and the tail.

    python -m benchmarks.startup [--records 1000000]

One partition with so many decided records; one in ten is a correction with two vectors and an item of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import uvloop
from rich.console import Console

from benchmarks import history
from cli.tree import Layout, grown
from runtime.clock import SystemClock
from runtime.memory import spare_collector
from runtime.settings import Settings
from schemas.policy import LearningPolicy
from streams.decider import Decider
from streams.learning.decider import Learning
from streams.partition import Opening

MIB = 1024 * 1024


async def until_live(settings: Settings) -> tuple[float, float]:
    """Seconds until a new decider is live, and until it has ended, its snapshot written."""
    decider = Decider(settings, Learning(), Opening(LearningPolicy(), history.MODEL, settings.partitions))
    begin = time.perf_counter()
    running = asyncio.create_task(decider.run())
    while {each.state for each in decider.status()} != {"live"}:
        assert not running.done(), running
        await asyncio.sleep(0.05)
    live = time.perf_counter() - begin
    decider.stop()
    await running
    return live, time.perf_counter() - begin - live


async def measure(number: int, say: Callable[[str], None]) -> None:
    """Writes a log, and opens it twice."""
    with tempfile.TemporaryDirectory(prefix="relearn-bench-") as folder:
        snapshots = Path(folder) / "snapshots"
        async with grown(Layout(Path(folder), parts=()), SystemClock(), say) as tree:
            settings = tree.settings.model_copy(update={"snapshot_dir": snapshots})
            begin = time.perf_counter()
            await history.write(settings, number, vectors=True, partitions=1)
            say(f"{number:,} records decided and written in {time.perf_counter() - begin:.0f} s")
            alone, saved = await until_live(settings)
            size = sum(each.stat().st_size for each in snapshots.iterdir()) / MIB
            say(f"from the log alone: live after {alone:.1f} s, {number / alone:,.0f} records/s")
            say(f"a snapshot of {size:,.0f} MiB written in {saved:.1f} s")
            begun, _ = await until_live(settings)
            say(f"from the snapshot: live after {begun:.1f} s")


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=1_000_000)
    console = Console(highlight=False)
    spare_collector()
    uvloop.run(measure(parser.parse_args().records, console.print))
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    console.print(f"load of the machine now: {load} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
