"""The API as a part that runs: what it needs is opened, and HTTP is served until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress

import structlog
import uvicorn
from aiokafka.errors import KafkaError
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp

from api.accepting import Accepting
from api.bounds import Limits
from api.doorkeeper import KeysAndTokens
from api.embedding import Questions
from api.ending import Runner, until
from api.idempotency import Answers
from api.meters import Meters
from api.services import Services
from api.writing import Writing
from projections.domains import PROJECTIONS
from projections.executions.projection import PROJECTION as EXECUTIONS
from projections.executions.queries import ExecutionQueries
from projections.learning.history import LearningHistory
from projections.learning.metrics import LearningMetrics
from projections.learning.projection import PROJECTION as LEARNING
from projections.learning.queries import LearningQueries
from projections.lineage import Lineage
from projections.positions import Positions
from projections.visible import Visible
from runtime.clock import Clock
from runtime.health import Health
from runtime.keys import KeyRing
from runtime.oidc import trusted
from runtime.postgres import create_pool
from runtime.settings import Settings

CONNECTIONS = 10
"""To the tables of each domain."""

PAUSE_SECONDS = 0.5
GRACE_SECONDS = 10
"""What requests in hand have to end when the API does."""

log = structlog.get_logger(__name__)


class HttpServer:
    """Serves an app, as a runner."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._server = _Server(
            uvicorn.Config(
                app,
                host,
                port,
                lifespan="on",
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE_SECONDS,
            )
        )

    async def run(self) -> None:
        """Serves until `stop`.

        Raises:
            OSError: if the address is taken.
        """
        try:
            await self._server.serve()
        except SystemExit as error:
            raise OSError(
                f"cannot listen at {self._server.config.host}:{self._server.config.port}"
            ) from error

    def stop(self) -> None:
        """Lets requests in hand end, and `run` then."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """Signals are for whoever runs it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Keyring:
    """Follows the access keys, as a runner: tries again while the brokers are away."""

    def __init__(self, keys: KeyRing) -> None:
        self._keys = keys
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Follows until `stop`."""
        await until(self._over, self._follow())

    def stop(self) -> None:
        """Lets `run` end."""
        self._over.set()

    async def _follow(self) -> None:
        while True:
            try:
                await self._keys.run()
            except (KafkaError, OSError) as error:
                log.warning("access keys cannot be read", reason=repr(error))
                await asyncio.sleep(PAUSE_SECONDS)


class Readiness:
    """Says what this process can do, as a runner: ready when it knows callers and has reached the brokers.

    Later it stays ready without them, and says so: what is shown can still be read.
    """

    def __init__(self, health: Health, name: str, keys: KeyRing, writing: Writing) -> None:
        self._health, self._name = health, name
        self._keys, self._writing = keys, writing
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Looks again and again, until `stop`."""
        while not self._over.is_set():
            if self._keys.is_loaded and self._writing.has_begun:
                reason = self._writing.reason
                self._health.ready(self._name, f"nothing is accepted: {reason}" if reason else "")
            with suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_SECONDS):
                    await self._over.wait()

    def stop(self) -> None:
        """Lets `run` end."""
        self._over.set()


class Serving:
    """HTTP and what it needs beside it, as one runner: that ends only when the last request has its answer."""

    def __init__(self, server: HttpServer, *beside: Runner) -> None:
        self._server, self._beside = server, beside

    async def run(self) -> None:
        """Serves until `stop`, or until one of them fails, which is raised when all have ended."""
        serving = asyncio.ensure_future(self._server.run())
        beside = [asyncio.ensure_future(each.run()) for each in self._beside]
        await asyncio.wait({serving, *beside}, return_when=asyncio.FIRST_COMPLETED)
        self._server.stop()
        await asyncio.wait({serving})
        for each in self._beside:
            each.stop()
        await asyncio.gather(serving, *beside)

    def stop(self) -> None:
        """Lets requests in hand end, and `run` then."""
        self._server.stop()


@asynccontextmanager
async def opened(
    settings: Settings, clock: Clock, keys: KeyRing, writing: Writing, registry: CollectorRegistry
) -> AsyncIterator[Services]:
    """What routes work with, for as long as the block lasts. `keys` and `writing` are run by the caller."""
    meters = Meters(registry)
    async with AsyncExitStack() as stack:
        pools = {
            name: await stack.enter_async_context(await create_pool(settings, name, max_size=CONNECTIONS))
            for name in settings.domains
        }
        visible = {
            name: Visible(pool, Positions(name, PROJECTIONS[name].log), PROJECTIONS[name].log)
            for name, pool in pools.items()
        }
        issuer = await stack.enter_async_context(trusted(settings, clock))
        questions, learning = Questions(), LearningQueries(pools[LEARNING.name], LEARNING)
        stack.callback(questions.close)
        # It takes seconds: nobody has to wait for it who does not search at once.
        loading = asyncio.create_task(questions.load(await learning.model()))
        stack.callback(loading.cancel)
        yield Services(
            settings=settings,
            clock=clock,
            pools=pools,
            learning=learning,
            history=LearningHistory(pools[LEARNING.name], LEARNING),
            metrics=LearningMetrics(pools[LEARNING.name], LEARNING),
            executions=ExecutionQueries(pools[EXECUTIONS.name], EXECUTIONS),
            projections=PROJECTIONS,
            lineages={name: Lineage(pool, PROJECTIONS[name]) for name, pool in pools.items()},
            questions=questions,
            visible=visible,
            writing=writing,
            accepting=Accepting(writing, visible, meters),
            answers=Answers(),
            doorkeeper=KeysAndTokens(keys, issuer, clock),
            limits=Limits(settings.api_rate, clock),
            meters=meters,
        )
