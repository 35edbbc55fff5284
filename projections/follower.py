"""Follows one partition of the log: reads batches and shows them, for as long as it is this process's."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import time_ns

import stamina
import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from projections.failures import LogRefused, RecordRefused, StalePosition, is_passing
from projections.opening import Opening
from projections.positions import Position
from projections.writer import Entry, Writer
from runtime.clock import Clock
from runtime.health import Health
from runtime.progress import Progress
from runtime.tracing import handled

BATCH = 1000
"""Records in one transaction, at most."""

BUSY = 16
"""So many at once say that more are on the way."""

BUSY_SECONDS = 0.05
"""How long is waited for them: a transaction of few records takes nearly as long as one of many."""

WAIT_MS = 500
"""How long one fetch waits for records."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long is waited, in seconds: for the database before the process gives up, and for a refused record
    before it is tried again (twice as long each time, up to `most`).
    """

    database: float = 45.0
    attempts: int = 10
    first: float = 1.0
    most: float = 60.0


class Follower:
    """One partition. `stopped` tells at which record it waits, if it does; `progress`, when it last moved."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        partition: TopicPartition,
        writer: Writer,
        opening: Opening,
        patience: Patience,
        health: Health,
        clock: Clock,
    ) -> None:
        self.stopped: RecordRefused | None = None
        self.progress = Progress(clock)
        self.part = f"{opening.projection} {partition.partition}"
        """What health calls it."""
        self._next: int | None = None
        self._consumer = consumer
        self._at_broker = partition
        self._number: int = partition.partition
        self._writer = writer
        self._opening = opening
        self._patience = patience
        self._health = health
        self._ending = False
        self._writing = False
        self._refusals = 0
        self._patiently = stamina.AsyncRetryingCaller(patience.attempts, patience.database).on(is_passing)
        self._log = structlog.get_logger("relearn.projections").bind(partition=self._number)

    async def run(self) -> None:
        """Shows the partition until it is ended.

        Raises:
            LogRefused: if this log is not for these tables.
            Exception: whatever the broker or the database raises when waiting did not help.
        """
        await self._check_opening()
        self._health.ready(self.part)
        while not self._ending:
            try:
                await self._follow(await self._patiently(self._writer.position, self._number))
            except StalePosition as stale:
                self._log.info("another projector was faster", reason=str(stale))
            except RecordRefused as refusal:
                await self._stop(refusal)

    @property
    def number(self) -> int:
        """The partition's number."""
        return self._number

    def behind(self, end: int) -> int | None:
        """How many offsets before this one are not shown; None as long as that is not known."""
        if not end:
            return 0
        return None if self._next is None else max(0, end - self._next)

    async def end(self, task: asyncio.Task[None], grace: float) -> None:
        """Ends `run`, which is this task: after the batch in hand, or without it if that takes too long."""
        self._ending = True
        if self._writing:
            await asyncio.wait({task}, timeout=grace)
        task.cancel()
        # What cannot even be cancelled is left behind: its position is locked, and will have moved.
        await asyncio.wait({task}, timeout=grace)
        self._health.forget(self.part)

    async def _follow(self, at: Position) -> None:
        self._next = at.next_offset
        self._read_from(at.next_offset)
        while not self._ending:
            messages = await self._fetch(BATCH)
            if messages:
                began = time_ns()
                at = await self._show(at, [Entry(m.offset, m.value) for m in messages])
                handled("show", self._at_broker.topic, began, messages)
                self._next = at.next_offset
                self.progress.moved(messages[-1].timestamp)
            if BUSY <= len(messages) < BATCH:
                await asyncio.sleep(BUSY_SECONDS)

    def _read_from(self, offset: int) -> None:
        """Seeks and resumes in one step: nothing can be fetched in between from another place."""
        self._consumer.seek(self._at_broker, offset)
        self._consumer.resume(self._at_broker)

    async def _fetch(self, most: int) -> Sequence[ConsumerRecord]:
        found = await self._consumer.getmany(self._at_broker, timeout_ms=WAIT_MS, max_records=most)
        messages: Sequence[ConsumerRecord] = found.get(self._at_broker, ())
        if not messages:
            # Past the markers of transactions, which are no records.
            self._next = await self._consumer.position(self._at_broker)
        return messages

    async def _show(self, at: Position, entries: Sequence[Entry]) -> Position:
        self._writing = True
        try:
            at = await self._patiently(self._writer.apply, self._number, at, entries)
        finally:
            self._writing = False
        if self.stopped is not None:
            self.stopped, self._refusals = None, 0
            self._health.ready(self.part)
        return at

    async def _check_opening(self) -> None:
        """Reads the record that opens the log, when there is one, and holds it against topic and tables.

        It need not stand at offset 0: a first transaction may have been aborted.
        """
        begins = (await self._consumer.beginning_offsets([self._at_broker]))[self._at_broker]
        if begins:
            raise LogRefused(
                f"{self._at_broker.topic}[{self._number}] begins at {begins}, not at 0: its beginning was deleted. "
                "A log is kept for ever: restore it"
            )
        self._read_from(0)
        while not (messages := await self._fetch(1)):
            continue
        self._opening.check(self._number, messages[0].value)

    async def _stop(self, refusal: RecordRefused) -> None:
        """Waits, loudly, until the record may be tried again."""
        self.stopped = refusal
        self._consumer.pause(self._at_broker)
        wait = min(self._patience.most, self._patience.first * 2.0**self._refusals)
        self._refusals = min(self._refusals + 1, 30)
        self._log.error("a record cannot be applied", offset=refusal.offset, reason=refusal.reason, wait=wait)
        self._health.unready(self.part, str(refusal))
        await self._patiently(self._writer.stop, refusal)
        await asyncio.sleep(wait)
