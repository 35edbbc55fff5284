"""Brings what a buffer holds to a broker, however long that is away."""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from relearn_client.buffer import Buffer
from relearn_client.envelope import Message
from relearn_client.producing import end
from relearn_client.topics import Topics
from relearn_client.warning import warn

MOST = 500
"""Messages on their way at once."""

FIRST_PAUSE = 0.1
LONGEST_PAUSE = 10.0
"""Seconds between two attempts to reach a broker; each pause is twice as long as the one before."""

log = logging.getLogger(__name__)


class Delivery:
    """At least once, in order; a message that is too large for the broker is refused, and the next one sent."""

    def __init__(self, buffer: Buffer, new_producer: Callable[[], AIOKafkaProducer], topics: Topics) -> None:
        self._buffer = buffer
        self._new_producer = new_producer
        self._topics = topics
        self._batch: dict[int, Message] = {}
        self._pause = FIRST_PAUSE
        self.sent = 0
        self.refused = 0

    @property
    def unsent(self) -> int:
        """How many were taken from the buffer and are not acknowledged."""
        return len(self._batch)

    def give_up(self) -> int:
        """Forgets what is not acknowledged; returns how many these are."""
        lost = self.unsent
        self._batch.clear()
        return lost

    async def run(self) -> None:
        """Sends until the buffer is closed and all of it acknowledged."""
        while self._batch or not self._buffer.is_done:
            try:
                async with self._connected() as producer:
                    await self._send_all(producer)
            except Exception as error:  # noqa: BLE001 - nobody would hear of what ends a background task
                self._log_absence(error)
                await asyncio.sleep(self._pause)
                self._pause = min(2 * self._pause, LONGEST_PAUSE)

    async def _send_all(self, producer: AIOKafkaProducer) -> None:
        while self._batch or await self._next_batch():
            await self._send(producer)
            self._pause = FIRST_PAUSE

    async def _next_batch(self) -> bool:
        self._batch = dict(enumerate(await self._buffer.take(MOST)))
        return bool(self._batch)

    async def _send(self, producer: AIOKafkaProducer) -> None:
        """Sends the batch; what is not acknowledged stays in it. Raises the first reason."""
        futures: list[Future[Any]] = []
        large: dict[int, str] = {}
        for number, message in list(self._batch.items()):
            topic = self._topics.now(message.topic)
            try:
                future = await producer.send(topic, message.value, message.key)
            except MessageSizeTooLargeError:
                self._refuse(number)
                continue
            future.add_done_callback(partial(self._settle, number, topic, large))
            futures.append(future)
        if futures:
            await asyncio.wait(futures)
        for topic in set(large.values()):
            # So brokers speak of topics that are closed, too.
            if not await self._topics.have_moved(topic):
                for number in [number for number, at in large.items() if at == topic]:
                    self._refuse(number)
        for future in futures:
            if not isinstance(future.exception(), MessageSizeTooLargeError):
                future.result()

    def _settle(self, number: int, topic: str, large: dict[int, str], future: Future[Any]) -> None:
        if future.cancelled():
            return
        failure = future.exception()
        if isinstance(failure, MessageSizeTooLargeError):
            large[number] = topic
        elif failure is None and self._batch.pop(number, None) is not None:
            self.sent += 1

    def _refuse(self, number: int) -> None:
        if message := self._batch.pop(number, None):
            self.refused += 1
            warn(log, "a telemetry event of %d bytes is too large for the broker", len(message.value))

    def _log_absence(self, error: Exception) -> None:
        if self._pause == FIRST_PAUSE:
            warn(log, "telemetry waits for the broker: %s", error)

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[AIOKafkaProducer]:
        producer = self._new_producer()
        try:
            await producer.start()
            await self._topics.look()
            yield producer
        finally:
            await end(producer, 0)
