"""Copies a domain's log into another generation of it, and follows it until that takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from runtime.fault import Faults
from runtime.settings import Settings
from schemas.record import Record, RecordCodec
from streams.domain import Domain
from streams.generations.sources import Sourced, Sources, sources
from streams.generations.target import Entry, Target
from streams.generations.transforming import Transformation

NEAR = 2000
"""Offsets that may be left when a copy counts as caught up."""

Tell = Callable[[int], object]
"""Hears how many records more are behind us."""


class Copying:
    """One generation that is being made. Whatever is interrupted goes on where it was."""

    def __init__(
        self, sources: Sources, targets: Mapping[int, Target[Any]], transformation: Transformation
    ) -> None:
        self.targets = targets
        self._sources = sources
        self._transformation = transformation
        self._openings: dict[int, Sourced] = {}
        """By partition of the generation before: the record that opened it."""

    async def behind(self) -> int:
        """How many offsets there are to copy."""
        return await self._sources.behind()

    async def follow(self, tell: Tell) -> None:
        """Copies until next to nothing is left.

        Raises:
            Fenced: if somebody else makes this generation.
            TransactionFailed: if the brokers did not write in time.
            UnreadableRecord: if this version cannot read a record.
        """
        while True:
            copied = await self._round(tell, last=False)
            if not copied or await self.behind() <= NEAR:
                return

    async def finish(self) -> None:
        """Copies what is left of a log to which nobody writes any more."""
        await self._round(lambda _: None, last=True)

    async def _round(self, tell: Tell, *, last: bool) -> int:
        copied = 0
        async for lot in self._sources.round(last=last):
            await self._take(lot)
            tell(len(lot))
            copied += len(lot)
        return copied

    async def _take(self, lot: Sequence[Sourced]) -> None:
        placed = list(self._placed(lot))
        records = await self._transformation.apply([record for _, _, record in placed])
        entries: dict[int, list[Entry]] = {}
        for (home, source, _), record in zip(placed, records, strict=True):
            entries.setdefault(home, []).append(Entry(source, record))
        await asyncio.gather(*(self.targets[home].take(each) for home, each in entries.items()))

    def _placed(self, lot: Sequence[Sourced]) -> Iterator[tuple[int, Sourced, Record]]:
        """What each target lacks, in order; in an empty one the opening of the first that comes is the first."""
        begun = {home for home, target in self.targets.items() if target.state.seq}
        for source in lot:
            if source.record.seq == 0:
                self._openings[source.partition] = source
            for home, record in self._transformation.homes(source.partition, source.record):
                if home not in begun:
                    opening = self._openings[source.partition]
                    begun.add(home)
                    yield home, opening, opening.record
                if self.targets[home].lacks(source):
                    yield home, source, record


@asynccontextmanager
async def copying(
    settings: Settings,
    domain: Domain[Any],
    before: int,
    number: int,
    transformation: Transformation,
    fault: Faults,
) -> AsyncIterator[Copying]:
    """A copy of generation `before` into generation `number`, whose topics are there."""
    made = settings.within(domain.topics.name, number)
    names = made.registered(domain.topics.name)
    feeds = any(
        topic.name in _new(names.generation(before).names, names.now.names) for topic in domain.topics.feeds
    )
    targets = {n: Target(made, domain, n, feeds, fault) for n in range(names.now.partitions)}
    codec = RecordCodec(domain.topics.types, domain.outcomes)
    within = settings.within(domain.topics.name, before)
    async with sources(within, domain.topics.log, codec) as opened:
        try:
            await asyncio.gather(*(each.open() for each in targets.values()))
            yield Copying(opened, targets, transformation)
        finally:
            await asyncio.gather(*(each.close() for each in targets.values()))


def _new(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name, at in after.items() if before.get(name) != at}
