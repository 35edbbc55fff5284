"""Which partitions are this process's, and the tasks that open them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from streams.part import Part, Surroundings
from streams.partition import PartitionRefused

S = TypeVar("S")

log = structlog.get_logger(__name__)


class DeciderFailed(Exception):
    """The infrastructure failed for longer than a process is to wait; a new one may do better."""


class Assignment(ConsumerRebalanceListener, Generic[S]):  # type: ignore[misc]
    """The partitions that the group has assigned, all paused until their logs are read.

    aiokafka only logs what its listeners raise, and sends no heartbeats while they run: so they return soon, and
    whatever goes wrong is told to `fail`.
    """

    def __init__(
        self, around: Surroundings[S], consumer: AIOKafkaConsumer, fail: Callable[[BaseException], None]
    ) -> None:
        self._around, self._consumer, self._fail = around, consumer, fail
        self.parts: dict[int, Part[S]] = {}
        self.batch = asyncio.Lock()
        """Held while a batch is decided and committed: partitions are not taken away in between."""
        self._rebalancing = True
        """Until the first assignment too."""
        self._openings: dict[int, asyncio.Task[None]] = {}
        self._closings: set[asyncio.Task[None]] = set()
        self._failures: dict[int, int] = {}
        self._fenced_at: dict[int, float] = {}

    @property
    def is_spare(self) -> bool:
        """Whether the group has assigned nothing to this process: others have all there is."""
        return not self._rebalancing and not self.parts

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Lets the batch in hand end, then decides nothing more."""
        del revoked  # aiokafka takes all away, and gives some of them back.
        self._rebalancing = True
        await self._cancel_openings()
        async with self.batch:
            for part in self.parts.values():
                part.suspend("partitions are being assigned anew")

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pauses everything and begins to open it. States of partitions that come back are kept."""
        try:
            self._consumer.pause(*assigned)
        except KafkaError as error:
            self._fail(error)
            return
        self._rebalancing = False
        self._around.meters.assigned()
        self._fenced_at.clear()
        before, self.parts = self.parts, {}
        for tp in sorted(assigned):
            self._start(tp.partition, before.pop(tp.partition, None))
        for part in before.values():
            self._close_later(part)

    def refuse(self, part: Part[S], refused: PartitionRefused) -> None:
        """This partition stops; the others go on."""
        self._consumer.pause(part.enriched)
        part.refuse(refused)

    def drop(self, part: Part[S]) -> None:
        """Another decider writes this partition's log now; only a new assignment gives it back."""
        log.warning("partition taken over by another decider", partition=part.partition)
        self._consumer.pause(part.enriched)
        part.suspend("another decider has taken the partition over; a new assignment should come soon")
        self._around.meters.taken_over(part.partition)
        self._fenced_at[part.partition] = self._around.clock.monotonic()
        self._close_later(part)

    def retry(self, part: Part[S], error: BaseException) -> None:
        """Opens the partition again after a wait, or gives up after so many attempts in a row."""
        part.suspend(f"trying again: {error}")
        self._around.meters.failed(part.partition)
        if self._rebalancing:
            # It may be another's by now: then opening it would take it away from there.
            return
        self._consumer.pause(part.enriched)
        failures = self._failures[part.partition] = self._failures.get(part.partition, 0) + 1
        log.warning("partition failed", partition=part.partition, failures=failures, error=str(error))
        if failures >= self._around.limits.attempts:
            failed = DeciderFailed(f"partition {part.partition} failed {failures} times in a row: {error}")
            failed.__cause__ = error
            self._fail(failed)
            return
        self._start(part.partition, part, self._around.limits.retry_seconds * 2.0 ** (failures - 1))

    def succeeded(self, part: Part[S]) -> None:
        """A batch was committed: failures are counted anew."""
        self._failures.pop(part.partition, None)

    def check_fenced(self) -> None:
        """Ends the process where a partition was taken over, and yet assigned to nobody else.

        So it is if whoever took it over died before the group knew of it.
        """
        now = self._around.clock.monotonic()
        for partition, since in self._fenced_at.items():
            if now - since > self._around.limits.fenced_seconds:
                self._fail(DeciderFailed(f"partition {partition} was taken over, but not assigned anew"))

    async def close(self) -> None:
        """Ends all tasks, writes snapshots and lets go of the writers."""
        await self._cancel_openings()
        await asyncio.gather(*(part.save() for part in self.parts.values()))
        await asyncio.gather(*(part.close() for part in self.parts.values()), *self._closings)

    def _start(self, partition: int, before: Part[S] | None, delay: float = 0.0) -> None:
        part = self.parts[partition] = Part(self._around, partition, before.release() if before else None)
        self._openings[partition] = asyncio.create_task(
            self._open(part, delay), name=f"open partition {partition}"
        )
        if before is not None:
            self._close_later(before)

    async def _open(self, part: Part[S], delay: float) -> None:
        try:
            await asyncio.sleep(delay)
            await part.open()
        except PartitionRefused as refused:
            part.refuse(refused)
        except (KafkaError, TimeoutError) as error:
            self.retry(part, error)
        except Exception as error:  # noqa: BLE001 - the edge of a task: nobody else would hear of it
            self._fail(error)
        else:
            # In one step: what is fetched from here on is this part's.
            self._consumer.seek(part.enriched, part.next_offset)
            self._consumer.resume(part.enriched)
            part.standing = "live"
            log.info("partition is open", partition=part.partition, next_offset=part.next_offset)

    async def _cancel_openings(self) -> None:
        openings, self._openings = self._openings, {}
        for task in openings.values():
            task.cancel()
        await asyncio.gather(*openings.values(), return_exceptions=True)

    def _close_later(self, part: Part[S]) -> None:
        task = asyncio.create_task(part.close(), name=f"close partition {part.partition}")
        self._closings.add(task)
        task.add_done_callback(self._closings.discard)
