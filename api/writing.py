"""The half of the API that appends: clients of the brokers, kept over generations and outages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from api.ending import until
from runtime import kafka
from runtime.appender import Appender
from runtime.closing import connected
from runtime.decisions import Decisions, decisions
from runtime.registry import Following, GenerationChanged, settled
from runtime.settings import Settings
from schemas.enriched import Coordinates
from schemas.event import Event
from schemas.topics import DOMAINS, DomainTopics

APPEND_SECONDS = 1.5
"""Until the brokers must have acknowledged: a caller hears within two seconds that they are away."""

PAUSE_SECONDS = 0.5

TAKES_OVER, ARE_AWAY = "another generation takes over", "the brokers are away"
"""Why nothing can be appended."""

AWAY = (KafkaError, OSError, TimeoutError)

log = structlog.get_logger(__name__)


class Unwritable(Exception):
    """Nothing is known to be appended. The message says why; the same may be sent again."""


@dataclass(frozen=True, slots=True)
class _Open:
    """Clients for as long as a generation lasts."""

    settings: Settings
    producer: AIOKafkaProducer
    decisions: dict[str, Decisions]


class Writing:
    """Appends events, and tells what was decided about them."""

    def __init__(self, settings: Settings) -> None:
        """`settings`: of the environment; the registry is followed here."""
        self._settings = settings
        self._open: _Open | None = None
        self._over = asyncio.Event()
        self.reason = "starting"
        """Why nothing can be appended; empty while it can."""
        self.has_begun = False
        """Whether the brokers were reached."""

    async def run(self) -> None:
        """Keeps the clients, until `stop`."""
        await until(self._over, self._keep())

    def stop(self) -> None:
        """Lets `run` end."""
        self._over.set()

    async def append(self, domain: DomainTopics, events: Sequence[Event[Any]]) -> list[Coordinates]:
        """Returns where the events stand, when every in-sync replica has them.

        Raises:
            Unwritable: if the brokers do not acknowledge in time.
            InvalidEvent: if nobody can say where one belongs.
        """
        if self._open is None:
            raise Unwritable(self.reason)
        appender = Appender(self._open.producer, self._open.settings.topic, domain)
        # What is on its way goes on when its sender is told to come again: what arrives twice is decided once.
        appending = asyncio.ensure_future(appender.append(*events))
        done, _ = await asyncio.wait({appending}, timeout=APPEND_SECONDS)
        if not done:
            appending.add_done_callback(_heard)
            raise Unwritable("the brokers have not acknowledged in time")
        try:
            return appending.result()
        except MessageSizeTooLargeError:
            # Sizes are checked before: the topic was closed for a generation that takes over.
            raise Unwritable(TAKES_OVER) from None
        except KafkaError as error:
            raise Unwritable(f"the brokers have refused: {type(error).__name__}") from error

    @property
    def settings(self) -> Settings:
        """The settings, with topics as the registry names them now.

        Raises:
            Unwritable: as `append` does.
        """
        if self._open is None:
            raise Unwritable(self.reason)
        return self._open.settings

    def decisions(self, domain: DomainTopics) -> Decisions:
        """The decisions of a domain.

        Raises:
            Unwritable: as `append` does.
        """
        if self._open is None:
            raise Unwritable(self.reason)
        return self._open.decisions[domain.name]

    def partitions(self, domain: DomainTopics) -> int:
        """How many partitions the domain has.

        Raises:
            Unwritable: as `append` does.
        """
        if self._open is None:
            raise Unwritable(self.reason)
        return self._open.settings.registered(domain.name).now.partitions

    async def _keep(self) -> None:
        while True:
            try:
                await self._serve()
            except GenerationChanged:
                self.reason = TAKES_OVER
            except AWAY as error:
                self.reason = ARE_AWAY
                log.warning("cannot append", reason=repr(error))
                await asyncio.sleep(PAUSE_SECONDS)

    async def _serve(self) -> None:
        settings = await settled(self._settings, writes_inputs=True)
        async with self._opened(settings):
            await Following(settings, writes_inputs=True).run()

    @asynccontextmanager
    async def _opened(self, settings: Settings) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            producer = await stack.enter_async_context(connected(kafka.producer(settings)))
            found = {
                name: await stack.enter_async_context(decisions(settings, DOMAINS[name]))
                for name in settings.domains
            }
            self._open, self.reason, self.has_begun = _Open(settings, producer, found), "", True
            # Clients take a while to end, and whoever would write meanwhile is told why they cannot.
            why = "ending"
            try:
                yield
            except GenerationChanged:
                why = TAKES_OVER
                raise
            except AWAY:
                why = ARE_AWAY
                raise
            finally:
                self._open, self.reason = None, why


def _heard(appending: asyncio.Future[Any]) -> None:
    """Nobody waits for it any more; its failure is no news."""
    if not appending.cancelled():
        appending.exception()
