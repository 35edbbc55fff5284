"""Input topics seen past Faust: what the group has committed, what stands where, where they end."""

from __future__ import annotations

import asyncio

import stamina
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from runtime import kafka
from runtime.closing import stop_client
from runtime.settings import Settings
from schemas.generation import enrichers_of
from schemas.topics import DomainTopics
from streams.enrichment.check import RawInput
from streams.groups import is_passing

READ_SECONDS = 30.0
"""In this time a broker must answer what it knows."""
QUIET_SECONDS = 3.0
"""If nothing comes in this time, nothing is there."""


def group_of(settings: Settings, domain: DomainTopics) -> str:
    """The consumer group of a domain's enrichers, which is also the id of their Faust app."""
    return settings.topic(enrichers_of(domain.name))


class TopicsDiffer(Exception):
    """The broker's topics are not those that this enricher was started for."""


class InputReader:
    """Reads the input topics of one domain without being a member of the enrichers' group."""

    def __init__(self, settings: Settings, domain: DomainTopics) -> None:
        self._settings = settings
        self._group = group_of(settings, domain)
        self._lock = asyncio.Lock()
        self._consumer: AIOKafkaConsumer
        self._admin: AIOKafkaAdminClient

    async def start(self) -> None:
        """Connects: clients belong to the loop that runs now."""
        # As Faust reads: also what a transaction left uncommitted has an offset and must be answered for.
        self._consumer = kafka.consumer(
            self._settings, isolation_level="read_uncommitted", fetch_max_wait_ms=100
        )
        self._admin = kafka.admin(self._settings)
        await self._admin.start()
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnects."""
        await stop_client(self._consumer)
        await stop_client(self._admin)

    async def require(self, domain: DomainTopics, partitions: int) -> None:
        """Makes sure that inputs and the enriched topic have this many partitions.

        Raises:
            TopicsDiffer: naming the topic that has not.
        """
        names = [self._settings.topic(topic.name) for topic in (*domain.inputs, domain.enriched)]
        for told in await self._admin.describe_topics(names):
            if (found := len(told["partitions"])) != partitions:
                raise TopicsDiffer(
                    f"topic {told['topic']} has {found} partitions, not {partitions} as RELEARN_PARTITIONS says. All "
                    f"topics of a domain have the number that its log was opened with: correct what differs from it."
                )

    async def committed(self, topic: str, partition: int) -> int:
        """The offset from which the group would go on; 0 if it has committed none."""
        at = self._at(topic, partition)
        async for attempt in stamina.retry_context(on=is_passing, attempts=None, timeout=READ_SECONDS):
            with attempt:
                told = await self._admin.list_consumer_group_offsets(self._group, partitions=[at])
        return max(0, int(told[at].offset)) if at in told else 0

    async def end(self, topic: str, partition: int) -> int:
        """The offset that the next input will have."""
        at = self._at(topic, partition)
        return int((await self._consumer.end_offsets([at]))[at])

    async def between(
        self, topic: str, partition: int, first: int, before: int, *, limit: int
    ) -> list[RawInput]:
        """The inputs from `first` on with offsets less than `before`, at most `limit` of them.

        Something must stand at `before`, or have stood there: it tells that nothing more comes between.

        Raises:
            TimeoutError: if the broker does not say in time what is there.
        """
        at, found = self._at(topic, partition), list[RawInput]()
        async with self._lock, asyncio.timeout(READ_SECONDS):
            first = max(first, int((await self._consumer.beginning_offsets([at]))[at]))
            self._consumer.assign([at])
            self._consumer.seek(at, first)
            while first < before and len(found) < limit:
                told = await self._consumer.getmany(at, timeout_ms=1000, max_records=limit)
                for record in told.get(at, ()):
                    first = record.offset + 1
                    if record.offset < before and len(found) < limit:
                        found.append(raw_input(topic, record))
        return found

    async def anything_from(self, topic: str, partition: int, first: int) -> bool:
        """Whether any input stands at `first` or later; offsets alone may be a transaction's markers."""
        at = self._at(topic, partition)
        async with self._lock:
            self._consumer.assign([at])
            self._consumer.seek(at, first)
            told = await self._consumer.getmany(at, timeout_ms=int(QUIET_SECONDS * 1000), max_records=1)
        return bool(told.get(at))

    def _at(self, topic: str, partition: int) -> TopicPartition:
        return TopicPartition(self._settings.topic(topic), partition)


def raw_input(topic: str, record: ConsumerRecord) -> RawInput:
    """What a consumer read, as an input of this topic, named without prefix."""
    place = (topic, record.partition, record.offset, record.timestamp)
    return RawInput(*place, record.key, record.value, tuple(record.headers))
