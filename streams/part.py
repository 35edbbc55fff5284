"""One partition in the hands of one decider: opened from its log, then decided batch by batch."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import time_ns
from typing import Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from runtime.clock import Clock
from runtime.fault import Faults
from runtime.progress import Progress
from runtime.reading import reader
from runtime.settings import Settings
from runtime.tracing import handled
from schemas.record import RecordCodec
from streams.domain import Domain
from streams.enriched import start_offset
from streams.intake import Intake
from streams.limits import Limits
from streams.log import Folded, LogDamaged, LogReader
from streams.partition import Machine, Opening, PartitionRefused
from streams.snapshot import Blocks, Snapshots, pickled
from streams.status import Meters, PartitionStatus, Standing
from streams.width import check_partition, check_partitions
from streams.writer import LogWriter, Outbox

S = TypeVar("S")

YIELD_EVERY = 50
"""Decisions between two turns of the event loop: heartbeats go on, however long a decision takes."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings(Generic[S]):
    """What all partitions of a decider share."""

    settings: Settings
    domain: Domain[S]
    machine: Machine[S]
    codec: RecordCodec
    opening: Opening
    clock: Clock
    meters: Meters
    limits: Limits
    fault: Faults
    snapshots: Snapshots[S] | None


class Part(Generic[S]):
    """One partition, as long as one assignment lasts."""

    def __init__(self, around: Surroundings[S], partition: int, held: Folded[S] | None = None) -> None:
        """`held`: the state that an earlier assignment left, exactly as it was committed."""
        self.partition = partition
        self.standing: Standing = "opening"
        self.next_offset = 0
        """The enriched message that comes next, unless the topic has a gap there."""
        self.sought = False
        """Whether it has been sought again, because another came."""
        self.progress = Progress(around.clock)
        self._around = around
        self._folded = held
        self._reason = ""
        self._writer: LogWriter | None = None
        self._intake: Intake[S] | None = None
        self._unsaved = 0
        self._forgot = False
        """Whether the last snapshot was begun before something was forgotten."""
        self._saved_at = around.clock.monotonic()
        self._snapshot_at: float | None = None
        self._saving: asyncio.Task[None] | None = None
        self._clean = held is not None
        self._committed = (-1, 0)
        """Checkpoint and records, as the log has them: the state is ahead while a batch is decided."""

    @property
    def live(self) -> bool:
        """Whether what is read of it is decided."""
        return self.standing == "live"

    @property
    def enriched(self) -> TopicPartition:
        """What it reads."""
        return self._tp(self._around.domain.topics.enriched.name)

    @property
    def log(self) -> TopicPartition:
        """What it writes."""
        return self._tp(self._around.domain.topics.log.name)

    def _tp(self, topic: str) -> TopicPartition:
        return TopicPartition(self._around.settings.topic(topic), self.partition)

    def status(self, lag: int | None) -> PartitionStatus:
        """How it is doing, given how much is left to read."""
        checkpoint, seq = self._committed
        missing = self._intake.missing if self._intake and self.live else ""
        return PartitionStatus(
            partition=self.partition,
            state="waiting" if missing else self.standing,
            reason=missing or self._reason,
            checkpoint=checkpoint,
            seq=seq,
            lag=lag if self.live else None,
            lag_seconds=self.progress.waiting_seconds if lag else 0.0,
            idle_seconds=self.progress.idle_seconds,
            saved_at=self._snapshot_at,
        )

    async def open(self) -> None:
        """Becomes the log's only writer, reads it to its end, and finds out what to read next.

        Raises:
            PartitionRefused: if this partition cannot go on.
            KafkaError, TimeoutError: if the brokers do not answer.
        """
        around = self._around
        held = self._folded
        writer = LogWriter(
            around.settings, around.domain.topics.name, self.partition, around.limits, around.fault
        )
        try:
            # Before the end of the log is asked for: after this nobody else can move it.
            await writer.start()
            await check_partition(writer, around.settings, around.domain.topics, self.partition)
            async with reader(around.settings, self.log, self.enriched) as consumer:
                around.fault("before-fold")
                folded = await self._fold(consumer, held)
                around.fault("after-fold")
                topics, state = around.domain.topics, folded.state
                await check_partitions(writer, around.settings, topics, state, around.opening)
                self.next_offset = await start_offset(consumer, self.enriched, state)
        except BaseException:
            await writer.close()
            raise
        self._writer, self._folded, self._clean = writer, folded, True
        self._committed = folded.state.checkpoint, folded.state.seq
        self._intake = Intake(around.machine, around.codec, around.opening, around.meters, folded.state)

    async def _fold(self, consumer: AIOKafkaConsumer, held: Folded[S] | None) -> Folded[S]:
        around = self._around
        log_reader = LogReader(consumer, self.log, around.codec, around.machine, self._progressed)
        if held is not None and await self._continues(log_reader, held):
            return held
        if around.snapshots is not None:
            saved = await asyncio.to_thread(around.snapshots.load, self.partition)
            self._snapshot_at = around.snapshots.written_at(self.partition)
            if saved is not None and await self._continues(log_reader, saved):
                return saved
        fresh = self._folded = Folded(around.machine.new(self.partition))
        self._clean = True
        await log_reader.catch_up(fresh)
        return fresh

    async def _continues(self, log_reader: LogReader[S], folded: Folded[S]) -> bool:
        """Whether a remembered state could be brought up to date; if not, the log is read from its beginning."""
        # Kept from the start: when this is interrupted, the next assignment goes on from here.
        self._folded, self._clean = folded, True
        try:
            if await log_reader.catch_up(folded):
                return True
            reason = "the log holds something else where it ends"
        except LogDamaged as damaged:
            reason = str(damaged)
        log.warning("remembered state ignored", partition=self.partition, reason=reason)
        return False

    def _progressed(self, records: int) -> None:
        self.progress.moved()
        self._unsaved += records

    async def decide(self, messages: Sequence[ConsumerRecord]) -> None:
        """Decides these messages; when it returns, all that follows from them is committed.

        Raises:
            PartitionRefused: if the partition cannot go on; what was decided before is committed.
            Fenced: if another decider has taken the partition over.
            TransactionFailed: if the log has to be read again.
        """
        assert self._intake is not None
        began, fault = time_ns(), self._around.fault
        # Until all is committed the state is ahead of the log, and good for nothing else.
        self._clean = False
        outbox = Outbox()
        fault("before-decide")
        await asyncio.to_thread(self._intake.expect, messages)
        for number, message in enumerate(messages, 1):
            try:
                self._intake.take(message, outbox)
            except PartitionRefused:
                await self._commit(outbox)
                raise
            self.next_offset = message.offset + 1
            if outbox.size >= self._around.limits.transaction_bytes:
                await self._commit(outbox)
                outbox = Outbox()
            if number % YIELD_EVERY == 0:
                await asyncio.sleep(0)
        fault("after-decide")
        await self._commit(outbox)
        self._clean = True
        handled("decide", self.enriched.topic, began, messages)
        self.progress.moved(messages[-1].timestamp)
        if self._forgot and self._saving is not None:
            # The one that is being written remembers, too.
            await self._saving
        if self._is_due():
            self._start_saving()

    async def _commit(self, outbox: Outbox) -> None:
        if not outbox.messages:
            return
        assert self._writer is not None
        assert self._intake is not None
        assert self._folded is not None
        around = self._around
        began = around.clock.monotonic()
        topic = around.domain.topics.log.name
        around.fault("before-send")
        offset = await self._writer.write(outbox, topic)
        around.fault("after-commit")
        self._folded.state, self._folded.offset = self._intake.state, offset
        self._folded.value = outbox.messages[topic][-1].value or b""
        self._committed = self._folded.state.checkpoint, self._folded.state.seq
        self._forgot |= any(o.FORGETS for record in outbox.records for o in record.outcomes)
        around.meters.wrote(self.partition, outbox.records, around.clock.monotonic() - began)
        self._progressed(len(outbox.records))

    def refuse(self, refused: PartitionRefused) -> None:
        """Ends what this part does, saying why."""
        self.standing, self._reason = "refused", str(refused)
        self._clean = False
        log.error("partition is refused", partition=self.partition, reason=str(refused))

    def suspend(self, reason: str = "") -> None:
        """Decides no more until another assignment, or another attempt, opens it again."""
        if self.standing != "refused":
            self.standing, self._reason = "opening", reason

    def release(self) -> Folded[S] | None:
        """The state for the next assignment, if it is as the log has it."""
        return self._folded if self._clean else None

    async def close(self) -> None:
        """Waits for a snapshot that is being written, and lets go of the writer."""
        if self._saving is not None:
            await self._saving
        if self._writer is not None:
            await self._writer.close()

    async def save(self) -> None:
        """Writes a snapshot, where there are any and it would say something new."""
        if self._saving is not None:
            await self._saving
        if self._clean and self._unsaved and self._around.snapshots is not None:
            self._start_saving()
        if self._saving is not None:
            await self._saving

    def _is_due(self) -> bool:
        limits, now = self._around.limits, self._around.clock.monotonic()
        if self._around.snapshots is None or not self._unsaved or (self._saving and not self._saving.done()):
            return False
        if self._forgot:
            return True
        return self._unsaved >= limits.snapshot_records or now - self._saved_at >= limits.snapshot_seconds

    def _start_saving(self) -> None:
        """Pickles the state at once, between two batches, and leaves the rest to a thread."""
        snapshots, folded = self._around.snapshots, self._folded
        if snapshots is None or folded is None or folded.offset is None:
            return
        self._unsaved, self._saved_at = 0, self._around.clock.monotonic()
        self._forgot = False
        self._saving = asyncio.create_task(self._save(snapshots, folded.offset, pickled(folded)))

    async def _save(self, snapshots: Snapshots[S], offset: int, content: Blocks) -> None:
        try:
            await asyncio.to_thread(snapshots.save, self.partition, offset, content)
            self._snapshot_at = snapshots.written_at(self.partition)
        except OSError as error:
            # A cache: without it the next start takes longer, and no more.
            self._around.meters.not_saved(self.partition)
            log.warning("snapshot not written", partition=self.partition, reason=str(error))
