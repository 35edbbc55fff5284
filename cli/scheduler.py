"""`relearn scheduler`: does every job at its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog
import typer
import uvloop
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from prometheus_client import CollectorRegistry

from cli.chores import Job, Workshop, jobs_of, workshop
from cli.lifetime import on_signal
from cli.options import Domains, HealthPort
from cli.parts import Part, prepared
from runtime.clock import Clock, SystemClock
from runtime.figures import Scheduling
from runtime.health import Health

NAME = "scheduler"

LATE_SECONDS = 300
"""A job that could not run at its time still runs, if it is no later than this."""

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn scheduler --health-port 9104")
def scheduler(domain: Domains = None, health_port: HealthPort = None) -> None:
    """Run the scheduler until SIGTERM; it finishes the job in hand.

    Two at once do no harm: what both ask for has the same id and is decided once.
    """
    uvloop.run(_run(prepared(NAME, domain, health_port)))


async def _run(part: Part) -> None:
    ended = asyncio.Event()
    clock = SystemClock()
    async with part.server, workshop(part.settings, clock) as shop:
        running: set[asyncio.Task[None]] = set()
        clockwork = AsyncIOScheduler(timezone="UTC")
        rounds = Rounds(shop, part.health, part.registry, clock)
        for name, job in jobs_of(part.settings).items():
            clockwork.add_job(
                kept(rounds.turn(name, job), running),
                CronTrigger(**job.at, timezone="UTC"),
                id=name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=LATE_SECONDS,
            )
        clockwork.start()
        part.health.ready(NAME)
        with on_signal(ended.set):
            await ended.wait()
        clockwork.shutdown(wait=False)
        await asyncio.gather(*running, return_exceptions=True)


def kept(
    turn: Callable[[], Awaitable[None]], running: set[asyncio.Task[None]]
) -> Callable[[], Awaitable[None]]:
    """A turn that is known to be running while it is, so that an end can wait for it."""

    async def run() -> None:
        task = asyncio.ensure_future(turn())
        running.add(task)
        try:
            await asyncio.shield(task)
        finally:
            task.add_done_callback(running.discard)

    return run


class Rounds:
    """Runs jobs, and tells health and metrics how it went."""

    def __init__(self, shop: Workshop, health: Health, registry: CollectorRegistry, clock: Clock) -> None:
        self._shop = shop
        self._health = health
        self._clock = clock
        self._runs = Scheduling.RUNS.on(registry)
        self._seconds = Scheduling.SECONDS.on(registry)
        self._done_at = Scheduling.DONE.on(registry)
        self._failing = Scheduling.FAILED.on(registry)
        self._log = structlog.get_logger("relearn.scheduler")

    def turn(self, name: str, job: Job) -> Callable[[], Awaitable[None]]:
        """One run of a job. A failure is told, and the job comes again at its next time."""

        async def run() -> None:
            began = self._clock.monotonic()
            try:
                done = await job.do(self._shop)
            except Exception as error:  # noqa: BLE001 - a job's edge: one that fails must not end the others
                self._runs.labels(name, "failed").inc()
                self._failing.labels(name).set(1)
                self._health.unready(name, f"failed: {type(error).__name__}: {error}")
                self._log.error("a job failed", job=name, exc_info=error)
            else:
                self._runs.labels(name, "done").inc()
                self._failing.labels(name).set(0)
                self._done_at.labels(name).set(self._clock.now().timestamp())
                self._health.ready(name, done)
                self._log.info("a job is done", job=name, done=done)
            self._seconds.labels(name).observe(self._clock.monotonic() - began)

        return run
