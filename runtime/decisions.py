"""What is decided about inputs that were just appended: a log followed from where it ends now."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import chain
from typing import NamedTuple

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord

from runtime import kafka
from runtime.closing import connected
from runtime.reading import decode, tps_of
from runtime.settings import Settings
from schemas.documents import OUTCOMES_OF
from schemas.enriched import Coordinates
from schemas.record import Record, RecordCodec
from schemas.topics import DomainTopics

Place = tuple[str, int, int]
"""Topic (without prefix), partition and offset of an input."""

KEPT = 2_000
"""Records that may be decided between an input's append and the moment at which its sender knows where it stands."""


class Decided(NamedTuple):
    """A record, and where it stands in the log."""

    record: Record
    partition: int
    offset: int


class Decisions:
    """Finds the records of inputs, for any number of senders at once."""

    def __init__(self, consumer: AIOKafkaConsumer, codec: RecordCodec, kept: int | None = KEPT) -> None:
        """`consumer`: of all partitions of the log. `kept`: how many records at most; None: as many as come."""
        self._consumer, self._codec, self._most = consumer, codec, kept
        self._senders = 0
        self._kept: OrderedDict[Place, ConsumerRecord] = OrderedDict()
        self._awaited: defaultdict[Place, list[asyncio.Future[Decided]]] = defaultdict(list)
        self._failure: Exception | None = None

    async def follow(self) -> None:
        """Reads the log, for ever.

        Raises:
            UnreadableRecord: if this version cannot read a record that somebody waits for.
        """
        try:
            async for message in self._consumer:
                if self._senders:
                    self._hear(message)
        except Exception as error:
            self._failure = error
            for waiting in chain.from_iterable(self._awaited.values()):
                if not waiting.done():
                    waiting.set_exception(error)
            raise

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """From before an input is appended until its record was found: what is decided meanwhile is kept."""
        self._senders += 1
        try:
            yield
        finally:
            self._senders -= 1
            if not self._senders:
                self._kept.clear()

    async def about(self, inputs: Sequence[Coordinates]) -> list[Decided]:
        """What is decided about these inputs, in their order. Waits as long as it takes.

        Raises:
            As `follow` does.
        """
        return list(await asyncio.gather(*(self._about(place_of(at)) for at in inputs)))

    async def _about(self, place: Place) -> Decided:
        if (message := self._kept.pop(place, None)) is not None:
            return self._decided(message)
        if self._failure is not None:
            raise self._failure
        waiting = asyncio.get_running_loop().create_future()
        self._awaited[place].append(waiting)
        try:
            decided: Decided = await waiting
            return decided
        finally:
            self._awaited[place].remove(waiting)
            if not self._awaited[place]:
                del self._awaited[place]

    def _hear(self, message: ConsumerRecord) -> None:
        given = orjson.loads(message.value).get("input")
        if given is None:
            return
        place = (given["topic"], given["partition"], given["offset"])
        if place in self._awaited:
            decided = self._decided(message)
            for waiting in self._awaited[place]:
                if not waiting.done():
                    waiting.set_result(decided)
            return
        self._kept[place] = message
        if self._most is not None and len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def _decided(self, message: ConsumerRecord) -> Decided:
        return Decided(decode(self._codec, message), message.partition, message.offset)


def place_of(at: Coordinates) -> Place:
    """The input's place, by which its record names it."""
    return at.topic, at.partition, at.offset


@asynccontextmanager
async def decisions(
    settings: Settings, domain: DomainTopics, kept: int | None = KEPT
) -> AsyncIterator[Decisions]:
    """A domain's decisions from now on, followed for as long as the block lasts."""
    tps = await tps_of(settings, domain.log)
    async with connected(kafka.consumer(settings)) as consumer:
        consumer.assign(tps)
        for tp, end in (await consumer.end_offsets(tps)).items():
            consumer.seek(tp, end)
        found = Decisions(consumer, RecordCodec(domain.types, OUTCOMES_OF[domain.name]), kept)
        following = asyncio.create_task(found.follow())
        try:
            yield found
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
