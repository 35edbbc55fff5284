"""One generation takes over from another, at the brokers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runtime.clock import Clock
from runtime.fault import Faults
from runtime.kafka import close_topics, reopen_topics
from runtime.reading import end_of, read, reader, tps_of
from runtime.settings import Settings
from schemas.generation import Generation
from schemas.topics import Topic
from streams.checkpoints import read_decided
from streams.domain import Domain
from streams.enrichment.rewind import set_offsets
from streams.generations.copying import Copying
from streams.limits import Limits
from streams.writer import LogWriter


class Handover:
    """From the generation that is decided on to the one that is to take over. Every step may be repeated."""

    def __init__(
        self, settings: Settings, domain: Domain[Any], before: Generation, after: Generation, clock: Clock
    ) -> None:
        self._domain, self._clock = domain, clock
        self._name = domain.topics.name
        self._before = settings.within(self._name, before.number)
        self._after = settings.within(self._name, after.number)
        self._closing = [
            topic
            for topic in domain.topics.inputs
            if self._before.topic(topic.name) != self._after.topic(topic.name)
        ]

    @property
    def closes_inputs(self) -> bool:
        """Whether the inputs are other topics from now on."""
        return bool(self._closing)

    async def close_inputs(self) -> None:
        """Nobody can append to inputs that are left."""
        await close_topics(self._before, self._closing)

    async def undecided(self) -> int:
        """How many inputs that are left have not been decided yet."""
        decided = await read_decided(self._before, self._domain)
        return sum([await self._undecided(topic, decided) for topic in self._closing])

    async def stop_deciders(self) -> None:
        """Nobody can decide on the generation before any more."""
        await close_topics(self._before, [self._domain.topics.log])
        for tp in await tps_of(self._before, self._domain.topics.log):
            writer = LogWriter(self._before, self._name, tp.partition, Limits(), Faults())
            try:
                # Whoever has written until now is fenced, and what it had not committed never will be.
                await writer.start()
            finally:
                await writer.close()

    async def reconnect(self, copy: Copying) -> None:
        """Says in the new log where the inputs go on, and lets the new enrichers begin there."""
        now = int(self._clock.now().timestamp() * 1000)
        goals: dict[tuple[str, int], int] = {}
        for number, target in copy.targets.items():
            marks = {} if self.closes_inputs else target.state.inputs
            told = {
                topic.name: marks[topic.name].next_offset if topic.name in marks else 0
                for topic in self._domain.topics.inputs
            }
            await target.reconnect(told, now)
            goals |= {(topic, number): offset for topic, offset in told.items()}
        await set_offsets(self._after, self._domain.topics, goals)

    async def undo(self) -> None:
        """Lets everybody go on with the generation before."""
        await reopen_topics(self._before, [*self._closing, self._domain.topics.log])

    async def _undecided(self, topic: Topic, decided: Mapping[tuple[str, int], int]) -> int:
        count = 0
        tps = await tps_of(self._before, topic)
        async with reader(self._before, *tps) as consumer:
            for tp in tps:
                start = decided.get((topic.name, tp.partition), 0)
                async for lot in read(consumer, tp, start, await end_of(consumer, tp)):
                    count += len(lot)
        return count
