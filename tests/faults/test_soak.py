"""Half an hour of mixed load with a fault every few seconds: nothing is missing, nothing is twice, memory is flat.

`SOAK_MINUTES` makes it shorter or longer, `FAULT_SEED` repeats its faults. What it did and found it prints (`-s`).
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import orjson
import pytest

from cli.status import until_caught_up
from runtime import kafka
from runtime.appender import Appender
from runtime.memory import EVERY_SECONDS
from runtime.postgres import connect
from runtime.settings import Settings
from schemas.topics import LEARNING
from streams.enrichment.check import home_of
from streams.enrichment.inputs import InputReader, group_of
from tests.cli.running import relearn
from tests.faults.decided import (
    assert_appended,
    assert_decided_once,
    assert_shown_as_rebuilt,
    assert_verified,
)
from tests.faults.disk import Disk, small_disk
from tests.faults.house import House
from tests.faults.load import thumbs
from tests.faults.memory import MEBI, Memory, resident
from tests.faults.mixed import MixedLoad
from tests.faults.parts import POINTS, dies
from tests.faults.watched import troubles
from tests.streams.enrichment.broker import append, commit
from tests.streams.enrichment.inputs import key_of, now, served

MINUTES = float(os.environ.get("SOAK_MINUTES", "30"))
KINDS = ("enricher", "decider", "projector")
STEADY = tuple(f"{kind}-a" for kind in KINDS)
"""Parts that nobody harms: they suffer what the others do, and the servers."""
FLAT = ("enricher-a", "projector-a", "scheduler")
"""Parts that keep nothing. A decider's state grows with its log: it is held against a new one that read the same."""
HARMED = tuple(f"{kind}-b" for kind in KINDS)
SESSION_SECONDS = 10.0
CAUGHT_UP = 600.0
BETWEEN = (2.0, 15.0)
"""Seconds from one fault to the next."""
GROWTH = 1.3
"""How much more memory a part may have in its last third than in its first, and a decider than a new one."""
SLACK_MEBI = 24.0

WAITING_SECONDS = 240.0
"""How long it may take on a loaded machine until an operator sees that a partition waits."""

EVENTS = LEARNING.inputs[0].name


class Soak:
    """Servers, two of each part, a load, and the faults that befall them."""

    def __init__(self, house: House, load: MixedLoad, chance: random.Random, disk: Disk | None) -> None:
        self.settings = house.settings
        self.house, self.load = house, load
        self.happened = Counter[str]()
        self._chance, self._disk = chance, disk
        self._began = time.monotonic()
        self._faults: list[tuple[int, Callable[[], Awaitable[None]]]] = [
            (6, self.a_part_is_killed),
            (4, self.a_part_dies_at_a_point),
            (3, self.a_part_sleeps),
            (3, self.a_part_leaves_and_comes_back),
            (2, self.the_broker_dies),
            (2, self.postgres_dies),
            (1, self.both_servers_die),
            (1, self.snapshots_rot),
            (1, self.a_record_cannot_be_applied),
            (1, self.inputs_are_skipped),
        ] + ([(1, self.the_disk_is_full)] if disk else [])

    async def suffer(self, seconds: float) -> None:
        """Faults, one after the other, each kind at least once if there is time."""
        kinds = [fault for _, fault in self._faults]
        self._chance.shuffle(kinds)
        weights = [weight for weight, _ in self._faults]
        while time.monotonic() - self._began < seconds:
            await asyncio.sleep(self._chance.uniform(*BETWEEN))
            fault = kinds.pop() if kinds else self._chance.choices(self._faults, weights)[0][1]
            self.tell(fault.__name__.replace("_", " "))
            self.happened[fault.__name__] += 1
            await fault()

    def tell(self, words: str) -> None:
        print(f"{time.monotonic() - self._began:7.1f} s  {words}", flush=True)  # noqa: T201

    async def a_part_is_killed(self) -> None:
        self._signal(self._chance.choice(HARMED), signal.SIGKILL)

    async def a_part_dies_at_a_point(self) -> None:
        """A third one of its kind joins the others, and dies there."""
        kind = self._chance.choice(KINDS)
        points = [point for point in POINTS[kind] if point not in ("before-fold", "after-fold")]
        with suppress(TimeoutError):
            # It may have got no partition in which anything happens.
            await dies(kind, self.settings, self._chance.choice(points))

    async def a_part_sleeps(self) -> None:
        """Longer than its session, or not."""
        name = self._chance.choice(HARMED)
        self._signal(name, signal.SIGSTOP)
        await asyncio.sleep(self._chance.uniform(0.5, 2.0) * SESSION_SECONDS)
        self._signal(name, signal.SIGCONT)

    async def a_part_leaves_and_comes_back(self) -> None:
        name = self._chance.choice(HARMED)
        await self.house.keeper.stop(name)
        await asyncio.sleep(self._chance.uniform(0, 10))
        await self.house.keeper.start(self.settings, name)

    async def the_broker_dies(self) -> None:
        await self.house.outage(self.house.kafka, seconds=self._chance.uniform(0, 8))

    async def postgres_dies(self) -> None:
        await self.house.outage(self.house.postgres, seconds=self._chance.uniform(0, 8))

    async def both_servers_die(self) -> None:
        await self.house.outage(self.house.kafka, self.house.postgres, seconds=self._chance.uniform(0, 8))

    async def snapshots_rot(self) -> None:
        await self.house.keeper.stop("decider-b")
        folder = self.settings.snapshot_dir
        # The other decider writes its own meanwhile.
        for path in sorted(folder.glob("*.snapshot")) if folder else ():
            rotten = bytearray(path.read_bytes())
            rotten[self._chance.randrange(len(rotten))] ^= 0xFF
            path.write_bytes(rotten)
        await self.house.keeper.start(self.settings, "decider-b")

    async def the_disk_is_full(self) -> None:
        """Where snapshots are written."""
        assert self._disk is not None
        self._disk.fill()
        await asyncio.sleep(self._chance.uniform(2, 10))
        self._disk.clear()

    async def a_record_cannot_be_applied(self) -> None:
        """Until somebody takes away what forbids it."""
        await self._alter("ADD CONSTRAINT whim CHECK (response_type <> 'odd') NOT VALID")
        said = served(7, time=now())
        said["data"]["response_type"] = "odd"
        await append(self.settings, [(EVENTS, key_of(7), orjson.dumps(said), self._home(7))])
        await asyncio.sleep(self._chance.uniform(5, 15))
        await self._alter("DROP CONSTRAINT whim")

    async def inputs_are_skipped(self) -> None:
        """As if Faust had acknowledged what it never handed over; the operator rewinds when a partition waits."""
        enrichers = [name for name in (*STEADY, *HARMED) if name.startswith("enricher")]
        await self.house.keeper.stop(*enrichers)
        home, said = self._home(7), [served(7, time=now()) for _ in range(5)]
        await append(self.settings, [(EVENTS, key_of(7), orjson.dumps(each), home) for each in said])
        places = await _ends(self.settings, home)
        await commit(self.settings, group_of(self.settings, LEARNING), EVENTS, home, places)
        await append(self.settings, [(EVENTS, key_of(7), orjson.dumps(served(7, time=now())), home)])
        await self.house.keeper.start(self.settings, *enrichers)
        async with asyncio.timeout(WAITING_SECONDS):
            # Others may be in trouble from what befell them before.
            while home not in await troubles(self.settings):
                await asyncio.sleep(1)
        await self.house.keeper.stop(*enrichers)
        done = await relearn("enrich", "rewind", "--partition", str(home), env=self.settings.environment())
        assert done.exit_code == 0, done.output
        await self.house.keeper.start(self.settings, *enrichers)

    def _home(self, shop: int) -> int:
        return home_of(key_of(shop), self.settings.partitions)

    def _signal(self, name: str, which: signal.Signals) -> None:
        with suppress(KeyError, ProcessLookupError):
            os.kill(self.house.keeper.pids[name], which)

    async def _alter(self, how: str) -> None:
        conn = await connect(self.settings, LEARNING.name)
        try:
            await conn.execute(f"ALTER TABLE response_analytics {how}")
        finally:
            await conn.close()


async def _ends(settings: Settings, partition: int) -> int:
    reader = InputReader(settings, LEARNING)
    await reader.start()
    try:
        return await reader.end(EVENTS, partition)
    finally:
        await reader.stop()


@pytest.fixture
def disk(folder: Path) -> Iterator[Disk | None]:
    """For snapshots; none where only root may mount one."""
    if sys.platform != "linux" or os.geteuid() != 0:
        yield None
        return
    with small_disk(folder / "disk", 64) as disk:
        yield disk


@pytest.mark.slow
@pytest.mark.timeout(60 * MINUTES + 2400)
async def test_soak(house: House, chance: random.Random, disk: Disk | None) -> None:
    settings = await house.start(snapshots=disk.path if disk else None)
    await house.keeper.start(settings, *STEADY, *HARMED, "scheduler")
    load = MixedLoad(settings, chance)
    soak = Soak(house, load, chance, disk)
    servers = {"kafka": house.kafka, "postgres": house.postgres}
    memory = Memory(lambda: house.keeper.pids | {name: s.pid for name, s in servers.items() if s.pid})
    beside = [asyncio.create_task(work) for work in (load.run(), memory.watch())]
    try:
        await soak.suffer(60 * MINUTES)
    finally:
        for task in beside:
            task.cancel()
        await asyncio.wait(beside)
    soak.tell(f"{len(load.acknowledged)} events and {load.rubbish} pieces of rubbish are in; catching up")
    await until_caught_up(settings, CAUGHT_UP)
    soak.tell("caught up")
    await assert_verified(settings)
    soak.tell("every row is what the log says")
    for name, crashes in Counter(words.split()[0] for words in house.keeper.crashes).items():
        soak.tell(f"{name} ended {crashes} times unasked")
    growth = memory.growth()
    for name, (first, last) in growth.items():
        soak.tell(f"{name}: {first:.0f} MiB, later {last:.0f} MiB")
    old, new = await of_old_and_new_decider(house)
    soak.tell(f"the decider: {old:.0f} MiB, a new one with the same log: {new:.0f} MiB")
    # Its next tick would find nobody left to decide it.
    await house.keeper.stop("scheduler")
    await until_caught_up(settings, CAUGHT_UP)
    await house.keeper.stop()
    await assert_appended(settings, load.acknowledged, once=False)
    await assert_decided_once(settings)
    await assert_shown_as_rebuilt(settings)
    soak.tell("nothing is missing, nothing is twice")
    assert not [words for words in house.keeper.crashes if words.startswith(STEADY)]
    for name in growth.keys() & set(FLAT):
        first, last = growth[name]
        assert last < GROWTH * first + SLACK_MEBI, name
    assert old < GROWTH * new + SLACK_MEBI, "the decider"


async def of_old_and_new_decider(house: House) -> tuple[float, float]:
    """Mebibytes of the decider that lived through everything, and of one that has just read the whole log."""
    found = []
    for leaves, stays in (("decider-b", "decider-a"), ("decider-a", "decider-c")):
        await house.keeper.stop(leaves)
        if stays not in house.keeper.pids:
            await house.keeper.start(house.settings, stays)
        async with kafka.producer(house.settings) as producer:
            await Appender(producer, house.settings.topic).append(*thumbs(100))
        await until_caught_up(house.settings, CAUGHT_UP)
        # What the reading of the log has used is given back by the clock.
        await asyncio.sleep(EVERY_SECONDS + 5)
        found.append(resident(house.keeper.pids[stays]) / MEBI)
    return found[0], found[1]
