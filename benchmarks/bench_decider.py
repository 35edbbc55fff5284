"""Decisions a second of the loop alone: a domain that only adds, one partition, batches of 1,000."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from runtime.embedded.kafka import EmbeddedKafka
from runtime.settings import Settings
from streams.limits import Limits
from streams.snapshot import Snapshots, pickled
from tests.streams.counting import TOPICS, Counting
from tests.streams.scene import Scene, numbers, until

INPUTS = 60_000


async def main() -> None:
    """Prints decisions a second by batch size, then what a fold and a snapshot of the result cost."""
    with tempfile.TemporaryDirectory() as folder:
        broker = EmbeddedKafka(Path(folder) / "kafka")
        address = await broker.start()
        try:
            for size in (256, 1000, 4000):
                await measure(address, Path(folder), size)
        finally:
            await broker.stop()


async def measure(address: str, folder: Path, size: int) -> None:
    settings = Settings(
        kafka_bootstrap_servers=address,
        database_url="postgresql://nowhere",
        partitions=1,
        topic_prefix=f"bench-{size}.",
        snapshot_dir=folder / "snapshots",
    )
    scene = Scene(settings)
    await scene.create_topics()
    await scene.write(numbers(0, INPUTS))
    decider = scene.decider(Limits(batch_records=size))
    async with scene.running(decider):
        await until(lambda: bool(decider.status()) and decider.status()[0].seq > 1)
        began, first, cpu = time.perf_counter(), decider.status()[0].seq, time.process_time()
        await until(lambda: decider.status()[0].seq == INPUTS + 1, 600)
        seconds, done = time.perf_counter() - began, INPUTS + 1 - first
        cpu = time.process_time() - cpu
    print(f"batch {size:>5}: {done / seconds:>8,.0f} decisions/s, {cpu / done * 1e6:.0f} µs CPU each")
    await measure_start(scene)


async def measure_start(scene: Scene) -> None:
    snapshots = Snapshots(
        scene.settings.snapshot_dir or Path(), Counting(), scene.settings.topic(TOPICS.log.name)
    )
    began = time.perf_counter()
    folded = snapshots.load(0)
    assert folded is not None
    loaded = time.perf_counter()
    size = len(pickled(folded))
    dumped = time.perf_counter()
    snapshots.path(0).unlink()
    decider = scene.decider()
    async with scene.running(decider):
        await until(lambda: bool(decider.status()) and decider.status()[0].state == "opening")
        opening = time.perf_counter()
        await until(lambda: decider.status()[0].state == "live", 600)
        opened = time.perf_counter()
    print(
        f"    snapshot: {size:,} bytes, pickled in {dumped - loaded:.2f} s, loaded in {loaded - began:.2f} s"
    )
    print(f"    whole fold: {INPUTS / (opened - opening):,.0f} records/s")


if __name__ == "__main__":
    asyncio.run(main())
