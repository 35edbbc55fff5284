"""The enricher as a Faust worker: at least once, in order, acknowledged after the write is durable.

No exception may leave an agent's loop: Faust would acknowledge the batch, and it would be lost. After an
outage that outlasts the retries the process ends without acknowledging, and the next one repeats the run.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from time import time_ns
from typing import Any, NoReturn

import faust
import mode
import structlog
import uvloop
from aiokafka import ConsumerRecord

from runtime.clock import Clock, SystemClock
from runtime.fault import Faults
from runtime.settings import Settings
from runtime.tracing import handled
from schemas.topics import DomainTopics
from streams.enrichment.check import RawInput
from streams.enrichment.enricher import Enricher
from streams.enrichment.faust_app import new_app
from streams.enrichment.gaps import Continuity
from streams.enrichment.inputs import InputReader, group_of, raw_input
from streams.enrichment.outlet import Outlet
from streams.enrichment.slices import slices
from streams.enrichment.watchdog import Observer, Watchdog

BATCH = 4
"""Runs that are enriched together, at most."""
WITHIN_SECONDS = 0.01
"""How long a small batch waits for what Faust still has in its hands; the broker has gathered it already."""
LOOK_SECONDS = 5.0

Agent = Callable[[Any], Awaitable[None]]


def end_process(error: BaseException) -> NoReturn:
    """Ends at once, so that nothing more is acknowledged."""
    structlog.get_logger(__name__).critical("the enricher ends without acknowledging", exc_info=error)
    logging.shutdown()
    os._exit(1)


@dataclass(frozen=True, slots=True)
class Served:
    """One domain that an enricher serves, and who wants to know how it does."""

    domain: DomainTopics
    enricher: Enricher
    observer: Observer


@dataclass(frozen=True)
class Surroundings:
    """What an enricher lives in. `beside` is entered before the first input and left after the last."""

    beside: Sequence[AbstractAsyncContextManager[Any]] = ()
    clock: Clock = field(default_factory=SystemClock)
    fault: Faults = field(default_factory=Faults)
    give_up: Callable[[BaseException], None] = end_process
    """Called instead of acknowledging; must end the process."""


def run(settings: Settings, served: Sequence[Served], around: Surroundings) -> NoReturn:
    """Enriches until SIGTERM or SIGINT, then finishes the batch in hand and ends the process with status 0."""
    # Not for this loop alone: Faust's consumer makes one of its own, in a thread.
    uvloop.install()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    build_worker(settings, served, around, loop=loop).execute_from_commandline()


def build_worker(
    settings: Settings,
    served: Sequence[Served],
    around: Surroundings,
    *,
    loop: asyncio.AbstractEventLoop,
) -> faust.Worker:
    """A worker for this loop, not started. Each domain has an app, and so a consumer group, of its own."""
    works = [Work(settings, each, around) for each in served]
    apps = [new_app(settings, group_of(settings, each.domain), loop) for each in served]
    for work, app in zip(works, apps, strict=True):
        work.join(app)
        app.in_worker = True
    first, *others = apps
    # Services start before the app and stop after it, so what an agent writes with outlives the agent.
    worker = faust.Worker(
        first,
        Beside(around.beside),
        *works,
        *others,
        loop=loop,
        quiet=True,
        override_logging=False,
        redirect_stdouts=False,
    )
    worker.spinner = None
    return worker


class Beside(mode.Service):
    """What is entered before everything else, and left after it."""

    def __init__(self, contexts: Sequence[AbstractAsyncContextManager[Any]]) -> None:
        super().__init__()
        self._contexts = contexts

    async def on_start(self) -> None:
        """Enters them; Faust leaves them when it stops."""
        for each in self._contexts:
            await self.add_async_context(each)


class Work(mode.Service):
    """What the agents of one domain share: clients, continuity, the watchdog."""

    def __init__(self, settings: Settings, served: Served, around: Surroundings) -> None:
        super().__init__()
        self._settings = settings
        self._domain = domain = served.domain
        self._enricher = served.enricher
        self._around = around
        self._reader = InputReader(settings, domain)
        self._outlet = Outlet(settings, domain)
        self._continuity = Continuity(self._reader)
        self._watchdog = Watchdog(self._reader, self._continuity, served.observer, around.clock)

    def join(self, app: faust.App) -> None:
        """Gives the app one agent per input topic, and the watchdog."""
        for topic in self._domain.inputs:
            channel = app.topic(self._settings.topic(topic.name))
            app.agent(channel, name=f"enrich-{topic.name}")(self._agent(topic.name))
        app.on_partitions_revoked.connect(self._on_partitions_revoked)
        app.on_partitions_assigned.connect(self._on_partitions_assigned)
        app.task(self._watch(app))

    async def on_start(self) -> None:
        """Opens the clients and makes sure that the topics are as expected."""
        await self._reader.start()
        await self._outlet.start()
        await self._reader.require(self._domain, self._settings.partitions_of(self._domain.log))

    async def on_stop(self) -> None:
        """Closes the clients."""
        await self._outlet.stop()
        await self._reader.stop()

    def _agent(self, topic: str) -> Agent:
        async def enrich(stream: Any) -> None:
            async for events in stream.noack_take(BATCH, within=WITHIN_SECONDS):
                try:
                    await self._handle(topic, [record for event in events for record in event.message.value])
                except Exception as error:  # noqa: BLE001 - the process's outer edge; cancellation passes by
                    self._around.give_up(error)
                self._around.fault("before-acknowledge")
                for event in events:
                    await stream.ack(event)
                self._around.fault("after-acknowledge")

        return enrich

    async def _handle(self, topic: str, records: Iterable[ConsumerRecord]) -> None:
        batch = [raw_input(topic, record) for record in records]
        async for stretch in self._continuity.complete(batch):
            for piece in slices(stretch):
                began, since = self._watchdog.began(), time_ns()
                self._around.fault("before-enrich")
                enriched = await self._enricher.enrich(piece)
                self._around.fault("before-write")
                await self._outlet.write(enriched)
                self._around.fault("after-write")
                there = (each for each in piece if isinstance(each, RawInput))
                handled("enrich", self._settings.topic(topic), since, there)
                self._watchdog.progressed(piece, began)

    async def _on_partitions_revoked(self, *_: Any, **__: Any) -> None:
        self._continuity.forget()

    async def _on_partitions_assigned(self, *_: Any, **__: Any) -> None:
        self._continuity.forget()
        self._watchdog.assigned()

    def _watch(self, app: faust.App) -> Callable[[], Awaitable[None]]:
        names = {self._settings.topic(topic.name): topic.name for topic in self._domain.inputs}

        async def watch() -> None:
            while not app.should_stop:
                assigned = [(names[at.topic], at.partition) for at in app.consumer.assignment()]
                try:
                    await self._watchdog.look(assigned)
                except Exception as error:  # noqa: BLE001 - the process's outer edge; cancellation passes by
                    self._around.give_up(error)
                await app.sleep(LOOK_SECONDS)

        return watch
