"""The loop: reads a domain's enriched topic, decides, and writes its log. Consumer offsets position nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from prometheus_client import CollectorRegistry

from runtime import kafka
from runtime.clock import Clock, SystemClock
from runtime.closing import stop_client
from runtime.fault import Faults
from runtime.settings import Settings
from schemas.record import RecordCodec
from streams.assignment import Assignment
from streams.domain import Domain
from streams.limits import Limits
from streams.log import check_log
from streams.part import Part, Surroundings
from streams.partition import Machine, Opening, PartitionRefused
from streams.snapshot import Snapshots
from streams.status import Meters, PartitionStatus
from streams.telling import Teller, Told, group_of
from streams.writer import Fenced, TransactionFailed

S = TypeVar("S")
T = TypeVar("T")
Fetched = Mapping[TopicPartition, Sequence[ConsumerRecord]]

POLL_MS = 200
REBALANCE_MS = 60_000
"""How long the group waits for a member that still commits a batch: longer than a transaction may take."""

log = structlog.get_logger(__name__)


class Decider(Generic[S]):
    """Decides the partitions of one domain that its consumer group assigns to this process."""

    def __init__(
        self,
        settings: Settings,
        domain: Domain[S],
        opening: Opening,
        *,
        clock: Clock | None = None,
        registry: CollectorRegistry | None = None,
        limits: Limits | None = None,
        fault: Faults | None = None,
    ) -> None:
        """`opening` is what a log that has no record yet begins with. `registry` is given the metrics."""
        topics = domain.topics
        folder = settings.snapshot_dir
        self._around = Surroundings(
            settings=settings,
            domain=domain,
            machine=Machine(domain),
            codec=RecordCodec(topics.types, domain.outcomes),
            opening=opening,
            clock=clock or SystemClock(),
            meters=Meters(topics.name, registry or CollectorRegistry(), self.status),
            limits=limits or Limits(),
            fault=fault or Faults(),
            snapshots=Snapshots(folder, domain, settings.topic(topics.log.name)) if folder else None,
        )
        self._topic = settings.topic(topics.enriched.name)
        self._group = group_of(settings, topics)
        self._consumer: AIOKafkaConsumer | None = None
        self._assignment: Assignment[S] | None = None
        self._ended = asyncio.Event()
        self._failure: BaseException | None = None

    async def run(self) -> None:
        """Decides until `stop` is called.

        Raises:
            LogRefused: if the log's topic is not kept for ever.
            DeciderFailed, KafkaError: if the infrastructure fails for good.
        """
        settings, log_topic = self._around.settings, self._around.domain.topics.log
        await check_log(settings, log_topic)
        if self._around.snapshots is not None:
            self._around.snapshots.forget_others(settings.topic_prefix + log_topic.name)
        consumer = kafka.consumer(settings, group_id=self._group, rebalance_timeout_ms=REBALANCE_MS)
        self._consumer, self._assignment = consumer, Assignment(self._around, consumer, self._fail)
        consumer.subscribe([self._topic], listener=self._assignment)
        telling = asyncio.create_task(Teller(consumer, self._told, self._around.clock).run(), name="tell")
        try:
            # Returns only when the group has assigned something.
            await self._unless_ended(consumer.start())
            while not self._ended.is_set():
                fetched = await self._fetch(consumer, self._assignment)
                await self._decide_all(fetched, self._assignment)
                self._rest(self._assignment)
                self._assignment.check_fenced()
                await self._gather(sum(map(len, fetched.values())))
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
            # First out of the group, so that others can begin.
            await stop_client(consumer)
            await self._assignment.close()
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        """Lets `run` end once the batch in hand is committed."""
        self._ended.set()

    def status(self) -> list[PartitionStatus]:
        """How each partition of this process is doing."""
        parts = self._assignment.parts if self._assignment else {}
        return [part.status(self._lag(part)) for _, part in sorted(parts.items())]

    def _told(self) -> dict[TopicPartition, Told]:
        parts = self._assignment.parts.values() if self._assignment else ()
        found = [(part, part.status(None)) for part in parts]
        return {part.enriched: Told(each.state, each.reason, part.next_offset) for part, each in found}

    @property
    def is_spare(self) -> bool:
        """Whether other processes have all partitions, so that this one waits for one of them to end."""
        return self._assignment is not None and self._assignment.is_spare

    def _lag(self, part: Part[S]) -> int | None:
        if self._consumer is None or part.enriched not in self._consumer.assignment():
            return None
        end = self._consumer.highwater(part.enriched)
        return None if end is None else max(0, end - part.next_offset)

    def _fail(self, error: BaseException) -> None:
        if self._failure is None:
            self._failure = error
        self._ended.set()

    async def _unless_ended(self, work: Coroutine[Any, Any, T]) -> T | None:
        """What this returns, or None if the decider is to end before."""
        task, ended = asyncio.ensure_future(work), asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait({task, ended}, return_when=asyncio.FIRST_COMPLETED)
            return task.result() if task.done() else None
        finally:
            task.cancel()
            ended.cancel()
            await asyncio.gather(task, ended, return_exceptions=True)

    async def _fetch(self, consumer: AIOKafkaConsumer, assignment: Assignment[S]) -> Fetched:
        """What there is of each live partition, up to a batch; waits a little if there is nothing."""
        most = self._around.limits.batch_records
        fetched: dict[TopicPartition, Sequence[ConsumerRecord]] = {}
        fetched |= await self._unless_ended(consumer.getmany(timeout_ms=POLL_MS, max_records=most)) or {}
        others = {part.enriched for part in assignment.parts.values() if part.live} - fetched.keys()
        for tp in others if fetched else ():
            fetched |= await self._unless_ended(consumer.getmany(tp, max_records=most)) or {}
        return fetched

    def _rest(self, assignment: Assignment[S]) -> None:
        """A partition that has nothing to do now has not stalled."""
        for part in assignment.parts.values():
            if part.live and self._lag(part) == 0:
                part.progress.rested()

    async def _gather(self, decided: int) -> None:
        """Waits where events come fast, but not so fast that a full batch lies ready."""
        limits = self._around.limits
        if limits.busy_records <= decided < limits.batch_records:
            await self._unless_ended(asyncio.sleep(limits.busy_seconds))

    async def _decide_all(self, fetched: Fetched, assignment: Assignment[S]) -> None:
        async with assignment.batch:
            work = [
                self._decide(part, messages, assignment)
                for tp, messages in fetched.items()
                if (part := assignment.parts.get(tp.partition))
                and part.live
                and self._follows(part, messages)
            ]
            done = await asyncio.gather(*work, return_exceptions=True)
        for error in done:
            if error is not None:
                raise error

    async def _decide(
        self, part: Part[S], messages: Sequence[ConsumerRecord], assignment: Assignment[S]
    ) -> None:
        try:
            await part.decide(messages)
        except PartitionRefused as refused:
            assignment.refuse(part, refused)
        except Fenced:
            assignment.drop(part)
        except TransactionFailed as error:
            assignment.retry(part, error)
        except Exception as error:
            error.add_note(
                f"while deciding {part.enriched} from {messages[0].offset} to {messages[-1].offset}"
            )
            raise
        else:
            assignment.succeeded(part)

    def _follows(self, part: Part[S], messages: Sequence[ConsumerRecord]) -> bool:
        """Whether these messages come next.

        If others came, perhaps fetched before a rebalance, the expected one is sought again, once. What then still
        begins later, begins where the topic has a gap; the inputs' own offsets will tell whether one is missing.
        """
        assert self._consumer is not None
        assert self._assignment is not None
        first = messages[0].offset
        if first == part.next_offset or (part.sought and first > part.next_offset):
            part.sought = False
            return True
        if part.sought:
            self._assignment.retry(part, EnrichedMoved(part.enriched, part.next_offset, first))
        else:
            part.sought = True
            self._consumer.seek(part.enriched, part.next_offset)
        return False


class EnrichedMoved(Exception):
    """The enriched topic begins anew, or was cut: opening the partition again will tell."""

    def __init__(self, tp: TopicPartition, expected: int, found: int) -> None:
        super().__init__(f"{tp.topic}[{tp.partition}] should go on with {expected}, but has {found}")
