"""Follows the log and the tables while the demo plays: what was decided, and how long it took to be visible."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import quantiles

from aiokafka import AIOKafkaConsumer

from cli.tables import Pool, opened
from projections.positions import Positions
from runtime import kafka
from runtime.clock import Clock
from runtime.closing import connected
from runtime.decisions import Place
from runtime.reading import decode, tps_of
from runtime.settings import Settings
from schemas.learning import OUTCOMES
from schemas.record import Record, RecordCodec
from schemas.topics import LEARNING

LOOK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Seen:
    """A record and where it stands."""

    partition: int
    offset: int
    record: Record


@dataclass
class Watch:
    """All records so far, and from append to row how many seconds each input took."""

    clock: Clock
    seen: list[Seen] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    _unseen: dict[int, list[Seen]] = field(default_factory=dict)
    _visible: set[Place] = field(default_factory=set)
    _moved: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self, consumer: AIOKafkaConsumer) -> None:
        """Reads the log, for ever."""
        codec = RecordCodec(LEARNING.types, OUTCOMES)
        async for message in consumer:
            one = Seen(message.partition, message.offset, decode(codec, message))
            self.seen.append(one)
            self._unseen.setdefault(one.partition, []).append(one)

    async def look(self, pool: Pool) -> None:
        """Looks at the positions, for ever: what a position has passed can be seen."""
        positions = Positions(LEARNING.name, LEARNING.log.name)
        while True:
            shown = await positions.all(pool)
            now = self.clock.now().timestamp() * 1000
            for each in shown:
                self._passed(each.partition, each.next_offset, now)
            await asyncio.sleep(LOOK_SECONDS)

    async def until_visible(self, places: Collection[Place]) -> None:
        """Returns when the decisions about these inputs are in the tables."""
        while not self._visible.issuperset(places):
            self._moved.clear()
            await self._moved.wait()

    def percentiles(self) -> tuple[float, float]:
        """The median and the 95th percentile of the latencies, in seconds."""
        if len(self.latencies) < 2:
            return (0.0, 0.0)
        cuts = quantiles(self.latencies, n=100, method="inclusive")
        return cuts[49], cuts[94]

    def _passed(self, partition: int, next_offset: int, now: float) -> None:
        waiting = self._unseen.get(partition, [])
        passed = [one for one in waiting if one.offset < next_offset]
        self._unseen[partition] = waiting[len(passed) :]
        for at in (one.record.input for one in passed):
            if at is not None:
                self._visible.add((at.topic, at.partition, at.offset))
                self.latencies.append((now - at.appended_at) / 1000)
        if passed:
            self._moved.set()


@asynccontextmanager
async def watched(settings: Settings, clock: Clock) -> AsyncIterator[Watch]:
    """A watch that follows as long as the block lasts."""
    watch = Watch(clock)
    tps = await tps_of(settings, LEARNING.log)
    async with connected(kafka.consumer(settings)) as consumer, opened(settings) as pool:
        consumer.assign(tps)
        tasks = [asyncio.create_task(watch.read(consumer)), asyncio.create_task(watch.look(pool))]
        try:
            yield watch
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
