"""A client for services: each method returns when every in-sync replica has the event."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Self
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError

from relearn_client.envelope import Envelopes, utc_now
from relearn_client.event import ShopData, model_of
from relearn_client.models import (
    CallTranscribed,
    ConversationRecorded,
    FeedbackGiven,
    ResponseCorrected,
    ResponseServed,
)
from relearn_client.producing import end, new_producer
from relearn_client.topics import Topics


class NotStarted(RuntimeError):
    """A client was used before `start`, or after `close`."""


class Client:
    """Sends what a service has to tell of its shops.

    Each method takes an event as a model or as its fields, returns the event's id once the event is durable, and
    raises `pydantic.ValidationError`, `ValueError` or `TypeError` for what is no event, `MessageSizeTooLargeError`
    for one that is too large, or another of aiokafka's errors. While brokers are away it waits: bound it by
    `asyncio.timeout`, and send again with the same `event_id`, for an event that arrives twice is decided once.
    """

    def __init__(
        self,
        bootstrap_servers: str | list[str],
        source: str,
        topic_prefix: str = "",
        *,
        close_seconds: float = 5.0,
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[], UUID] = uuid4,
        **options: Any,
    ) -> None:
        """`source` says who speaks, `options` are those of AIOKafkaProducer (security, compression).

        Raises:
            ValueError: if `source` is empty or has more than 2,000 characters.
        """
        self._servers = bootstrap_servers
        self._options = options
        self._close_seconds = close_seconds
        self._envelopes = Envelopes(source, topic_prefix, now=now, new_id=new_id)
        self._topics = Topics(bootstrap_servers, topic_prefix, options)
        self._producer: AIOKafkaProducer | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def start(self) -> None:
        """Connects.

        Raises:
            KafkaConnectionError: if no broker answers.
            TypeError, ValueError: if aiokafka refuses an option.
        """
        producer = new_producer(self._servers, **self._options)
        try:
            await producer.start()
        except BaseException:
            await end(producer, 0)
            raise
        await self._topics.look()
        self._producer = producer

    async def close(self) -> None:
        """Ends the connection; what is still on its way has `close_seconds` to arrive."""
        producer, self._producer = self._producer, None
        if producer is not None:
            await end(producer, self._close_seconds)

    async def feedback(
        self, event: FeedbackGiven | None = None, /, *, shop: int, event_id: UUID | None = None, **fields: Any
    ) -> UUID:
        """A customer's reaction to one answer."""
        return await self.send(model_of(FeedbackGiven, event, fields), shop=shop, event_id=event_id)

    async def correction(
        self,
        event: ResponseCorrected | None = None,
        /,
        *,
        shop: int,
        event_id: UUID | None = None,
        **fields: Any,
    ) -> UUID:
        """What should have been answered."""
        return await self.send(model_of(ResponseCorrected, event, fields), shop=shop, event_id=event_id)

    async def call(
        self,
        event: CallTranscribed | None = None,
        /,
        *,
        shop: int,
        event_id: UUID | None = None,
        **fields: Any,
    ) -> UUID:
        """A telephone call, transcribed."""
        return await self.send(model_of(CallTranscribed, event, fields), shop=shop, event_id=event_id)

    async def conversation(
        self,
        event: ConversationRecorded | None = None,
        /,
        *,
        shop: int,
        event_id: UUID | None = None,
        **fields: Any,
    ) -> UUID:
        """A conversation so far; sent again with more messages, the latest wins."""
        return await self.send(model_of(ConversationRecorded, event, fields), shop=shop, event_id=event_id)

    async def response(
        self,
        event: ResponseServed | None = None,
        /,
        *,
        shop: int,
        event_id: UUID | None = None,
        **fields: Any,
    ) -> UUID:
        """An answer that the assistant gave, with how it did."""
        return await self.send(model_of(ResponseServed, event, fields), shop=shop, event_id=event_id)

    async def send(self, event: ShopData, *, shop: int, event_id: UUID | None = None) -> UUID:
        """Any event about a shop; knowledge is proposed and imported so.

        Raises:
            NotStarted: if there is no connection.
            ValueError: if there can be no such shop, or if the event cannot be written as JSON.
        """
        if self._producer is None:
            raise NotStarted("use the client within `async with`, or after `start`")
        message = self._envelopes.about_shop(event, shop, event_id)
        while True:
            topic = self._topics.now(message.topic)
            try:
                await self._producer.send_and_wait(topic, message.value, message.key)
            except MessageSizeTooLargeError:
                # So brokers speak of topics that are closed, too.
                if not await self._topics.have_moved(topic):
                    raise
            else:
                return message.id
