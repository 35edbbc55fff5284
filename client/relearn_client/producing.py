"""A producer as both clients want it, and its end in bounded time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

HANG_UP_SECONDS = 1.0
"""How long connections may take to close."""


def new_producer(bootstrap_servers: str | list[str], **options: Any) -> AIOKafkaProducer:
    """A producer, not started, that waits for all replicas and never writes twice.

    `options` are aiokafka's, for security above all. Call it in the event loop that is to run the producer.

    Raises:
        TypeError, ValueError: if aiokafka refuses an option.
    """
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True, **options
    )


async def end(producer: AIOKafkaProducer, flush_seconds: float) -> None:
    """Stops a producer: what is on its way has so many seconds to arrive, then its senders hear that it did not.

    aiokafka's own `stop` waits for a broker that is away, for as long as it takes, and drops a cancellation that was
    meant for its caller: so this runs in a task of its own.
    """
    ending = asyncio.create_task(_end(producer, flush_seconds))
    try:
        await asyncio.shield(ending)
    except asyncio.CancelledError:
        await asyncio.wait({ending})
        raise


async def _end(producer: AIOKafkaProducer, flush_seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(flush_seconds):
            await producer.flush()
    # Nothing public makes an idempotent producer give up what it holds. Its sender ends first: it may not find
    # failed what it would send again. What fails here would otherwise stand for why the producer was ended.
    with suppress(Exception):
        async with asyncio.timeout(HANG_UP_SECONDS):
            await producer._sender.close()  # noqa: SLF001
    producer._message_accumulator.fail_all(KafkaError("the client was closed before"))  # noqa: SLF001
    with suppress(Exception):
        async with asyncio.timeout(HANG_UP_SECONDS):
            await producer.stop()
