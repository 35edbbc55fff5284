"""Telemetry of tasks, for orchestrators: told in passing, sent in the background."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any, Self, TypeVar
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer

from relearn_client.buffer import Buffer
from relearn_client.delivery import Delivery
from relearn_client.envelope import Envelopes, utc_now
from relearn_client.event import TaskData, model_of
from relearn_client.models import TaskCompleted, TaskFeedbackGiven, TaskRouted, TaskStarted
from relearn_client.observed import ObservedTask
from relearn_client.producing import HANG_UP_SECONDS, end, new_producer
from relearn_client.topics import Topics
from relearn_client.warning import warn

CAPACITY = 10_000
CAPACITY_BYTES = 32 * 1024 * 1024
"""What may wait while no broker takes it: events, and their bytes."""

T = TypeVar("T", bound=TaskData)

log = logging.getLogger(__name__)


class TelemetryCapture:
    """Records what becomes of tasks, and never blocks, slows or fails them.

    Its methods take an event as a model or as its fields, from any thread, and return at once whether it was fit to
    be sent. Whatever goes wrong is counted and logged, never raised: `failed` counts what was no event or
    too large for the broker, `dropped` what found the buffer full or no broker until the end, `sent` what is durable.
    """

    def __init__(
        self,
        bootstrap_servers: str | list[str],
        source: str,
        topic_prefix: str = "",
        *,
        capacity: int = CAPACITY,
        capacity_bytes: int = CAPACITY_BYTES,
        close_seconds: float = 5.0,
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[], UUID] = uuid4,
        monotonic: Callable[[], float] = time.monotonic,
        **options: Any,
    ) -> None:
        """`source` says who speaks, `options` are those of AIOKafkaProducer (security, compression).

        Raises:
            ValueError: if `source` is empty or has more than 2,000 characters.
        """
        self._servers = bootstrap_servers
        self._options = options
        self._close_seconds = close_seconds
        self._now = now
        self._monotonic = monotonic
        self._envelopes = Envelopes(source, topic_prefix, now=now, new_id=new_id)
        self._buffer = Buffer(capacity, capacity_bytes)
        self._delivery = Delivery(
            self._buffer, self._new_producer, Topics(bootstrap_servers, topic_prefix, options)
        )
        self._failed = 0
        self._lock = Lock()
        self._sending: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    @property
    def dropped(self) -> int:
        """Events that were not sent, for want of room or of a broker."""
        return self._buffer.dropped

    @property
    def failed(self) -> int:
        """Events that could not be made or were too large for the broker."""
        return self._failed + self._delivery.refused

    @property
    def sent(self) -> int:
        """Events that every in-sync replica has."""
        return self._delivery.sent

    async def start(self) -> None:
        """Begins to send in the background; waits for no broker.

        Raises:
            TypeError, ValueError: if aiokafka refuses an option, before any task is watched.
        """
        await end(self._new_producer(), 0)
        self._sending = asyncio.create_task(self._delivery.run(), name="relearn telemetry")

    async def close(self) -> None:
        """Sends what waits, within `close_seconds`, and counts the rest as dropped; hangs up in three more."""
        self._buffer.close()
        if self._sending is not None:
            if self._delivery.unsent or len(self._buffer):
                await asyncio.wait({self._sending}, timeout=self._close_seconds)
            self._sending.cancel()
            await asyncio.wait({self._sending}, timeout=3 * HANG_UP_SECONDS)
        if lost := self._buffer.discard(self._delivery.give_up()):
            warn(log, "%d telemetry events were dropped at the end", lost)

    def routed(self, event: TaskRouted | None = None, /, **fields: Any) -> bool:
        """A task was given to a model and a pool."""
        return self._record(TaskRouted, event, fields)

    def started(self, event: TaskStarted | None = None, /, **fields: Any) -> bool:
        """A pool has begun with a task."""
        return self._record(TaskStarted, event, fields)

    def completed(self, event: TaskCompleted | None = None, /, **fields: Any) -> bool:
        """A task has ended, well or not."""
        return self._record(TaskCompleted, event, fields)

    def feedback(self, event: TaskFeedbackGiven | None = None, /, **fields: Any) -> bool:
        """What somebody thinks of a task's result."""
        return self._record(TaskFeedbackGiven, event, fields)

    def task(
        self,
        routed: TaskRouted | Mapping[str, Any] | None = None,
        *,
        pool_id: str | None = None,
        **fields: Any,
    ) -> ObservedTask:
        """Watches the body of an `async with`: `routed` is the task's routing, or its fields are."""
        said: dict[str, Any] = {}
        try:
            said = {str(name): value for name, value in dict(routed or {}).items()} | fields
        except Exception as error:  # noqa: BLE001 - the task goes on, whatever it was called with
            self._fail(TaskRouted, error)
        return ObservedTask(self, said, pool_id, self._now, self._monotonic)

    def _record(self, kind: type[T], event: T | None, fields: Mapping[str, Any]) -> bool:
        try:
            self._buffer.put(self._envelopes.about_task(model_of(kind, event, fields)))
        except Exception as error:  # noqa: BLE001 - the task goes on, whatever is wrong with its telemetry
            self._fail(kind, error)
            return False
        return True

    def _fail(self, kind: type[TaskData], error: Exception) -> None:
        with self._lock:
            self._failed += 1
        warn(log, "a %s was not recorded: %s", kind.__name__, error)

    def _new_producer(self) -> AIOKafkaProducer:
        return new_producer(self._servers, **self._options)
