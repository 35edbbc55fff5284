"""Appends events to the input topics: topic, key and partition as the registry says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import cache, partial
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer

from runtime import tracing
from schemas.codec import encode
from schemas.enriched import Coordinates
from schemas.event import Event, PartitionData
from schemas.failures import InvalidEvent
from schemas.keys import key_of
from schemas.topics import DOMAINS, DomainTopics, input_for


class Delivery(Protocol):
    """What the broker says of one appended message."""

    @property
    def partition(self) -> int: ...
    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int: ...


class Appender:
    """Appends through one idempotent producer, whose life its owner keeps."""

    def __init__(
        self,
        producer: AIOKafkaProducer,
        client_name: Callable[[str], str],
        domain: DomainTopics | None = None,
    ) -> None:
        """`client_name` gives a topic's name at the broker. `domain` need only be named for events of types that
        several domains have: those that concern a whole partition.
        """
        self._producer = producer
        self._client_name = client_name
        self._partitions: dict[str, int] = {}
        self._topic_of = cache(partial(input_for, domain=domain))

    async def send(self, event: Event[Any], raw: bytes | None = None) -> Awaitable[Delivery]:
        """Hands over one event, `raw` being its own bytes where it came as such; await the result for delivery.

        Raises:
            InvalidEvent: if nobody can say in which topic or partition it belongs.
        """
        name = self._client_name(self._topic(event))
        partition: int | None = None
        if isinstance(event.data, PartitionData):
            partition = event.data.partition
            if partition >= (count := await self._count(name)):
                raise InvalidEvent(
                    f"must be less than {count}, the partitions of {name}", field="data.partition"
                )
        value = raw if raw is not None else encode(event)
        span = tracing.sending(name, event.type)
        sent: asyncio.Future[Delivery] = await self._producer.send(
            name, value, key_of(event), partition=partition, headers=tracing.context_of(span)
        )
        sent.add_done_callback(partial(tracing.sent, span))
        return sent

    async def put(
        self, topic: str, raw: bytes, key: bytes | None, partition: int | None
    ) -> Awaitable[Delivery]:
        """Hands over bytes that may be no event; await the result for delivery.

        `topic` is without prefix; without a partition, the key's home is chosen as for events.
        """
        sent: asyncio.Future[Delivery] = await self._producer.send(
            self._client_name(topic), raw, key, partition=partition
        )
        return sent

    async def append(self, *events: Event[Any]) -> list[Coordinates]:
        """Appends these events; returns, when every in-sync replica has them, where they stand."""
        sent = [await self.send(event) for event in events]
        delivered = await asyncio.gather(*sent)
        return [
            Coordinates(self._topic(event), done.partition, done.offset, done.timestamp)
            for event, done in zip(events, delivered, strict=True)
        ]

    def _topic(self, event: Event[Any]) -> str:
        try:
            return self._topic_of(event.type).name
        except LookupError as error:
            raise InvalidEvent(str(error), field="type") from None

    async def _count(self, name: str) -> int:
        if name not in self._partitions:
            self._partitions[name] = len(await self._producer.partitions_for(name))
        return self._partitions[name]


def every_type() -> Mapping[str, Any]:
    """The data model of every type of event of every domain."""
    return {name: kind for domain in DOMAINS.values() for name, kind in domain.types.items()}
