"""Asks for something by events and waits until it is decided and visible: what every writing command does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from cli.failure import Failed
from runtime import kafka
from runtime.appender import Appender, Delivery
from runtime.closing import connected
from runtime.decisions import Decided, Decisions, decisions
from runtime.registry import settled
from runtime.settings import Settings
from schemas.enriched import Coordinates
from schemas.event import Event
from schemas.record import Record
from schemas.topics import LEARNING, DomainTopics


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided about one event, and where that stands in the log."""

    event: Event[Any]
    record: Record
    partition: int
    offset: int


class Asker:
    """Appends events and finds their records in the decision log."""

    def __init__(self, appender: Appender, decisions: Decisions) -> None:
        self._appender, self._decisions = appender, decisions

    async def append(self, events: Iterable[Event[Any]]) -> list[Coordinates]:
        """Appends and does not wait for the decision."""
        return await self._appender.append(*events)

    async def ask(self, events: Sequence[Event[Any]], timeout: float) -> list[Answer]:
        """Appends and waits until everything is decided; the answers are in the order of the events.

        Raises:
            Failed: if the decider does not come so far in time.
        """
        decided = await self.decided(await self.append(events), timeout)
        return [Answer(event, *each) for event, each in zip(events, decided, strict=True)]

    async def put(
        self, topic: str, raw: bytes, key: bytes | None, partition: int | None
    ) -> Awaitable[Delivery]:
        """Hands over bytes that may be no event; await the result for delivery."""
        return await self._appender.put(topic, raw, key, partition)

    async def decided(self, inputs: Sequence[Coordinates], timeout: float) -> list[Decided]:
        """What is decided about these inputs, in their order. All of them stand after the log's end at the start.

        Raises:
            Failed: if the decider does not come so far in time.
        """
        try:
            async with asyncio.timeout(timeout):
                return await self._decisions.about(inputs)
        except TimeoutError:
            raise Failed(
                f"appended, but not decided within {timeout:g} s: `relearn status` tells which part is behind"
            ) from None


@asynccontextmanager
async def asker(settings: Settings, domain: DomainTopics = LEARNING) -> AsyncIterator[Asker]:
    """An asker with its clients, for as long as the block lasts. Waits while inputs are closed."""
    settings = await settled(settings, writes_inputs=True)
    async with (
        connected(kafka.producer(settings)) as producer,
        decisions(settings, domain, kept=None) as found,
    ):
        with found.expecting():
            yield Asker(Appender(producer, settings.topic, domain), found)
