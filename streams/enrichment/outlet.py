"""Writes what an enricher says: in order, awaited, again until the brokers have it or patience ends."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import stamina
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from faust.exceptions import ProducerSendError
from faust.types import ProducerT

from runtime import kafka
from runtime.settings import Settings
from schemas.topics import DomainTopics
from streams.enrichment.check import Astray
from streams.enrichment.enricher import EnrichedMessage

ATTEMPTS = 5
PATIENCE_SECONDS = 120.0
OUTAGES = (KafkaError, ProducerSendError, OSError)
"""What may pass by itself."""


class Outlet:
    """Writes to the enriched topic of one domain, and appends inputs again where they belong."""

    def __init__(self, settings: Settings, domain: DomainTopics) -> None:
        self._settings = settings
        self._enriched = settings.topic(domain.enriched.name)
        self._mover: AIOKafkaProducer

    async def start(self) -> None:
        """Connects: clients belong to the loop that runs now."""
        # Faust's own producer is not idempotent; an input that moves should stand at home once.
        self._mover = kafka.producer(self._settings)
        await self._mover.start()

    async def stop(self) -> None:
        """Disconnects."""
        await self._mover.stop()

    async def write(self, sender: ProducerT, messages: Sequence[EnrichedMessage]) -> None:
        """Returns when the brokers have all of them.

        After an outage all are written again from the first: deciders drop repeats, but not what runs ahead.
        """
        for message in messages:
            if message.astray is not None:
                await self._append_at_home(message.astray)
        async for attempt in stamina.retry_context(on=OUTAGES, attempts=ATTEMPTS, timeout=PATIENCE_SECONDS):
            with attempt:
                await self._send(sender, messages)

    async def _send(self, sender: ProducerT, messages: Sequence[EnrichedMessage]) -> None:
        sent = [
            await sender.send(self._enriched, each.key, each.value, each.input.partition, None, None)
            for each in messages
        ]
        await asyncio.gather(*sent)

    async def _append_at_home(self, astray: Astray) -> None:
        raw = astray.raw
        topic = self._settings.topic(raw.topic)
        await self._mover.send_and_wait(
            topic, raw.value, key=astray.key, partition=astray.moved.home, headers=list(raw.headers)
        )
