"""Ends clients of Kafka in bounded time."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog
from aiokafka.errors import KafkaError

CLOSE_SECONDS = 5.0

log = structlog.get_logger(__name__)


class Client(Protocol):
    async def stop(self) -> None: ...


async def stop_client(client: Client) -> None:
    """Stops a consumer or producer; after some seconds leaves it to itself.

    aiokafka's consumer waits for ever if it is stopped just while it gets a new assignment, for its fetching task
    then swallows the cancellation; the one that the deadline adds ends it. A fenced producer may wait, too.
    """
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await client.stop()
    except (KafkaError, TimeoutError) as error:
        log.warning("client did not stop", client=type(client).__name__, error=repr(error))
