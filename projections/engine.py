"""Shows a decision log: one follower for each partition that this process was given."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError
from asyncpg import Pool
from prometheus_client import CollectorRegistry

from projections.failures import RecordRefused
from projections.follower import Follower, Patience
from projections.meters import Meters
from projections.opening import Opening
from projections.projection import Projection
from projections.watchdog import Watchdog
from projections.writer import Writer
from runtime import kafka
from runtime.clock import Clock, SystemClock
from runtime.closing import connected
from runtime.fault import Faults
from runtime.health import Health
from runtime.settings import Settings
from schemas.generation import projectors_of

ANSWER_SECONDS = 5.0
"""In this time a broker must say where partitions end."""

GRACE = 10.0
"""Seconds that a batch in hand may take when its partition goes to another process."""

FETCH_BYTES = 8 * 1024 * 1024
PARTITION_FETCH_BYTES = 2 * 1024 * 1024
"""What a broker answers at once: of all partitions, and of each. A larger record comes all the same, alone (KIP-74).
What is far behind has room for a batch of each partition, and not for several times all that could be answered.
"""


def log_consumer(settings: Settings, projection: Projection) -> AIOKafkaConsumer:
    """The consumer that a projector is given. Its group divides the partitions and keeps no offsets."""
    return kafka.consumer(
        settings,
        group_id=settings.topic(projectors_of(projection.name)),
        auto_offset_reset="none",
        max_poll_interval_ms=600_000,
        fetch_max_bytes=FETCH_BYTES,
        max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
    )


class Projector(ConsumerRebalanceListener):  # type: ignore[misc]
    """One process's part in showing one log. Several may run: the group divides the partitions among them."""

    def __init__(
        self,
        settings: Settings,
        projection: Projection,
        pool: Pool,
        registry: CollectorRegistry,
        health: Health,
        *,
        schema: str | None = None,
        patience: Patience | None = None,
        fault: Faults | None = None,
        clock: Clock | None = None,
    ) -> None:
        """`schema`: where the tables are; the domain's own name unless another is said."""
        self._projection = projection
        self._topic = settings.topic(projection.log)
        self._consumer = log_consumer(settings, projection)
        self._clock = clock or SystemClock()
        self._meters = Meters(projection.name, registry)
        generation = settings.registered(projection.name).current
        self._writer = Writer(
            projection, pool, schema or projection.name, self._meters, fault, self._clock, generation
        )
        self._health = health
        self.watchdog = Watchdog(self, self._meters, health)
        """To be run beside this."""
        self._patience = patience or Patience()
        self._model: str | None = None
        self._following: dict[TopicPartition, tuple[Follower, asyncio.Task[None]]] = {}
        self.over = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Shows the log until `stop`, or until a partition fails: then `over` is set.

        Raises:
            LogRefused: if the log is not for this topic or these tables.
            Exception: whatever the broker or the database raises when waiting did not help.
        """
        self._model = await self._writer.model()
        self._consumer.subscribe([self._topic], listener=self)
        async with connected(self._consumer):
            try:
                await self.over.wait()
            finally:
                await self._end(list(self._following))
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Lets `run` return after the batches in hand."""
        self.over.set()

    @property
    def stopped(self) -> Mapping[int, RecordRefused]:
        """The partitions that wait at a record which cannot be applied."""
        return {
            partition.partition: follower.stopped
            for partition, (follower, _) in self._following.items()
            if follower.stopped is not None
        }

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """The group's partitions are divided anew: ends those that were ours."""
        await self._end(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Begins with partitions. All are paused until their follower knows where to read on; this must return
        soon, since no heartbeat is sent before.
        """
        partitions = list(assigned)
        self._meters.assigned()
        self._consumer.pause(*partitions)
        for partition in partitions:
            self._begin(partition)

    def _begin(self, partition: TopicPartition) -> None:
        follower = Follower(
            self._consumer,
            partition,
            self._writer,
            self._opening(),
            self._patience,
            self._health,
            self._clock,
        )
        task = asyncio.create_task(follower.run(), name=f"{partition.topic}[{partition.partition}]")
        task.add_done_callback(self._ended)
        self._following[partition] = follower, task

    def _opening(self) -> Opening:
        partitions = self._consumer.partitions_for_topic(self._topic) or set()
        projection = self._projection
        return Opening(projection.name, projection.log, projection.codec, len(partitions), self._model)

    def followers(self) -> Sequence[Follower]:
        """Those of the partitions that are ours now."""
        return [follower for follower, _ in self._following.values()]

    async def ends(self) -> Mapping[int, int]:
        """Where the brokers say that our partitions end; nothing where they do not answer in time."""
        if not self._following:
            return {}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                ends = await self._consumer.end_offsets(list(self._following))
        except (KafkaError, TimeoutError):
            return {}
        return {at.partition: end for at, end in ends.items()}

    def _ended(self, task: asyncio.Task[None]) -> None:
        """Whatever a follower dies of ends the process, and so do failures in the group's own calls."""
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failure = self._failure or error
            self.over.set()

    async def _end(self, partitions: Iterable[TopicPartition]) -> None:
        ended = {p: self._following.pop(p) for p in list(partitions) if p in self._following}
        await asyncio.gather(*(follower.end(task, GRACE) for follower, task in ended.values()))
        for partition in ended:
            self._meters.left(partition.partition)
