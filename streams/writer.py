"""The one writer of a partition of a log: what a batch decides is published whole or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, InvalidProducerIdMapping, KafkaError, ProducerFenced

from runtime import kafka
from runtime.closing import stop_client
from runtime.fault import Faults
from runtime.settings import Settings
from runtime.tracing import Header
from schemas.generation import writers_of
from schemas.record import Record
from streams.batches import Message, send_batches
from streams.limits import Limits

PRODUCE_BYTES = 512 * 1024
"""One request's part for one partition: aiokafka sends the next only when it is answered."""


class Fenced(Exception):
    """Another writer has taken over."""


class TransactionFailed(Exception):
    """Whether the transaction was committed is not known: the log has to be read."""


@dataclass(slots=True)
class Outbox:
    """What one transaction publishes, by topic (without prefix)."""

    messages: dict[str, list[Message]] = field(default_factory=dict)
    size: int = 0
    records: list[Record] = field(default_factory=list)
    """Those that are among the messages."""

    def add(self, topic: str, key: bytes | None, value: bytes | None, headers: Sequence[Header] = ()) -> None:
        """One more message."""
        self.messages.setdefault(topic, []).append(Message(key, value, headers))
        self.size += len(key or b"") + len(value or b"")

    def trace(self, topic: str, context: Sequence[Header]) -> None:
        """The last message of this topic belongs to a trace."""
        if context:
            self.messages[topic][-1] = self.messages[topic][-1]._replace(headers=context)


class LogWriter:
    """Writes transactions to one partition of a log, and to the same one of its feeds."""

    def __init__(
        self, settings: Settings, domain: str, partition: int, limits: Limits, fault: Faults
    ) -> None:
        self._settings, self._partition, self._fault = settings, partition, fault
        # A fenced producer's send sometimes never ends.
        self._seconds = limits.transaction_seconds
        self._id = f"{settings.topic(writers_of(domain))}-{partition}"
        self._producer: AIOKafkaProducer | None = None

    async def start(self) -> None:
        """Fences whoever wrote before, and ends the transaction that it had open.

        Raises:
            KafkaError, TimeoutError: if the brokers do not answer.
        """
        self._producer = kafka.producer(
            self._settings,
            transactional_id=self._id,
            transaction_timeout_ms=int(self._seconds * 1000) + 10_000,
            max_batch_size=PRODUCE_BYTES,
        )
        async with asyncio.timeout(self._seconds):
            await self._producer.start()

    async def partitions(self, topic: str) -> int:
        """How many partitions a topic has."""
        assert self._producer is not None
        return len(await self._producer.partitions_for(self._settings.topic(topic)))

    async def write(self, outbox: Outbox, log_topic: str) -> int:
        """Publishes everything; returns the offset of the last message in `log_topic`.

        Raises:
            Fenced: if another writer has taken over. Nothing was written.
            TransactionFailed: if the brokers did not do it in time. This writer is of no more use.
        """
        try:
            async with asyncio.timeout(self._seconds):
                offset = await self._transact(outbox, log_topic)
        except (KafkaError, TimeoutError) as error:
            if any(isinstance(e, _FENCED) for e in _causes(error)):
                raise Fenced(self._id) from error
            raise TransactionFailed(f"{self._id}: {error!r}") from error
        if offset < 0:
            raise TransactionFailed(f"{self._id}: committed, but the broker did not say where")
        return offset

    async def _transact(self, outbox: Outbox, log_topic: str) -> int:
        assert self._producer is not None
        await self._producer.begin_transaction()
        sent = await asyncio.gather(*(self._send(*each) for each in outbox.messages.items()))
        last = dict(zip(outbox.messages, sent, strict=True))[log_topic]
        self._fault("after-send")
        self._fault("before-commit")
        await self._producer.commit_transaction()
        return last

    async def _send(self, topic: str, messages: Sequence[Message]) -> int:
        assert self._producer is not None
        return await send_batches(self._producer, self._settings.topic(topic), self._partition, messages)

    async def close(self) -> None:
        """Lets go of the connection. What was not committed will never be seen."""
        if self._producer is None:
            return
        producer, self._producer = self._producer, None
        await stop_client(producer)


_FENCED = (ProducerFenced, InvalidProducerEpoch, InvalidProducerIdMapping)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__
