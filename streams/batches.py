"""Messages for one partition, sent as whole batches: one future for hundreds of messages instead of one for each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer

from runtime.tracing import Header


class Message(NamedTuple):
    """What is sent."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


async def send_batches(
    producer: AIOKafkaProducer, topic: str, partition: int, messages: Sequence[Message]
) -> int:
    """Sends the messages in their order; returns the offset of the last one once the brokers have all.

    That is -1 where a broker did not say: what was sent twice, because its answer was lost, may be acknowledged
    without its place.

    Raises:
        KafkaError: if one could not be sent. Others may have been.
    """
    deliveries = [
        (await producer.send_batch(batch, topic, partition=partition), batch.record_count())
        for batch in _batches(producer, messages)
    ]
    # All are awaited: aiokafka commits what it could send, even if it could not send all.
    done = await asyncio.gather(*(delivery for delivery, _ in deliveries))
    offset: int = done[-1].offset
    return offset + deliveries[-1][1] - 1 if offset >= 0 else -1


def _batches(producer: AIOKafkaProducer, messages: Sequence[Message]) -> Iterator[Any]:
    batch = producer.create_batch()
    for key, value, headers in messages:
        if batch.append(timestamp=None, key=key, value=value, headers=list(headers)) is None:
            yield batch
            batch = producer.create_batch()
            batch.append(timestamp=None, key=key, value=value, headers=list(headers))
    yield batch
