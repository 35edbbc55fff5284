"""Writes what an enricher says: in order, awaited, again until the brokers have it or patience ends."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence

import stamina
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from runtime import kafka
from runtime.closing import stop_client
from runtime.settings import Settings
from schemas.topics import DomainTopics
from streams.batches import Message, send_batches
from streams.enrichment.check import Astray
from streams.enrichment.enricher import EnrichedMessage

ATTEMPTS = 5
PATIENCE_SECONDS = 120.0
OUTAGES = (KafkaError, OSError)
"""What may pass by itself."""
BATCH_BYTES = 256 * 1024


class Outlet:
    """Writes to the enriched topic of one domain, and appends inputs again where they belong."""

    def __init__(self, settings: Settings, domain: DomainTopics) -> None:
        self._settings = settings
        self._enriched = settings.topic(domain.enriched.name)
        self._writer: AIOKafkaProducer
        self._mover: AIOKafkaProducer

    async def start(self) -> None:
        """Connects: clients belong to the loop that runs now."""
        # An idempotent producer is of no more use after a batch that it had to give up; this one goes on, and
        # deciders know repeats.
        self._writer = kafka.producer(self._settings, enable_idempotence=False, max_batch_size=BATCH_BYTES)
        # An input that moves should stand at home once.
        self._mover = kafka.producer(self._settings)
        await self._writer.start()
        await self._mover.start()

    async def stop(self) -> None:
        """Disconnects."""
        await stop_client(self._writer)
        await stop_client(self._mover)

    async def write(self, messages: Sequence[EnrichedMessage]) -> None:
        """Returns when the brokers have all of them.

        After an outage all are written again from the first: deciders drop repeats, but not what runs ahead.
        """
        for message in messages:
            if message.astray is not None:
                await self._append_at_home(message.astray)
        async for attempt in stamina.retry_context(on=OUTAGES, attempts=ATTEMPTS, timeout=PATIENCE_SECONDS):
            with attempt:
                await self._send(messages)

    async def _send(self, messages: Sequence[EnrichedMessage]) -> None:
        lots: defaultdict[int, list[Message]] = defaultdict(list)
        for each in messages:
            lots[each.input.partition].append(Message(each.key, each.value, each.headers))
        await asyncio.gather(
            *(send_batches(self._writer, self._enriched, number, lot) for number, lot in lots.items())
        )

    async def _append_at_home(self, astray: Astray) -> None:
        raw = astray.raw
        topic = self._settings.topic(raw.topic)
        await self._mover.send_and_wait(
            topic, raw.value, key=astray.key, partition=astray.moved.home, headers=list(raw.headers)
        )
