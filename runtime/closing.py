"""Ends clients of Kafka in bounded time, without losing a cancellation on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TypeAlias, TypeVar

import structlog
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

CLOSE_SECONDS = 5.0

Client: TypeAlias = AIOKafkaAdminClient | AIOKafkaConsumer | AIOKafkaProducer
C = TypeVar("C", bound=Client)

log = structlog.get_logger(__name__)


@asynccontextmanager
async def connected(client: C) -> AsyncIterator[C]:
    """Starts a client, and stops it when the block ends or when it cannot be started."""
    try:
        await client.start()
        yield client
    finally:
        await stop_client(client)


async def stop_client(client: Client) -> None:
    """Stops a client; after some seconds leaves it to itself.

    aiokafka cancels its own tasks when it stops, and drops whatever cancellation it meets meanwhile, also one that
    was meant for its caller: so it stops in a task of its own.
    """
    stopping = asyncio.create_task(_stop(client))
    try:
        await asyncio.shield(stopping)
    except asyncio.CancelledError:
        # Its connections are closed before whoever is cancelled goes on.
        await asyncio.wait({stopping})
        raise


async def _stop(client: Client) -> None:
    """In bounded time.

    aiokafka's consumer waits for ever if it is stopped just while it gets a new assignment, for its fetching task
    then swallows the cancellation; the one that the deadline adds ends it. A fenced producer may wait, too.
    """
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await (client.close() if isinstance(client, AIOKafkaAdminClient) else client.stop())
    except (KafkaError, TimeoutError) as error:
        log.warning("client did not stop", client=type(client).__name__, error=repr(error))
