"""`relearn scheduler`: does every job at its time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import structlog
import typer
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from prometheus_client import CollectorRegistry

from cli.chores import Job, Workshop, jobs_of, workshop
from cli.lifetime import end_surely, run_all
from cli.options import Domains, HealthPort
from cli.parts import Part, prepared, run_part
from runtime.clock import Clock, SystemClock
from runtime.figures import Scheduling
from runtime.health import Health
from runtime.registry import Following, settled

NAME = "scheduler"

LATE_SECONDS = 300
"""A job that could not run at its time still runs, if it is no later than this."""

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn scheduler --health-port 9104")
def scheduler(domain: Domains = None, health_port: HealthPort = None) -> None:
    """Run the scheduler until SIGTERM; it finishes the job in hand.

    Two at once do no harm: what both ask for has the same id and is decided once.
    """
    run_part(_run(prepared(NAME, domain, health_port)))


async def _run(part: Part) -> None:
    clock = SystemClock()
    async with part.server:
        settings = await settled(part.settings, writes_inputs=True)
        async with workshop(settings, clock) as shop:
            clockwork = Clockwork(Rounds(shop, part.health, part.registry, clock), jobs_of(settings))
            part.health.ready(NAME)
            await run_all([Following(settings, writes_inputs=True), clockwork], end_surely)


class Clockwork:
    """Does every job at its time, until it is stopped; then finishes those in hand."""

    def __init__(self, rounds: Rounds, jobs: Mapping[str, Job]) -> None:
        self._rounds = rounds
        self._jobs = jobs
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Returns after the job in hand."""
        running: set[asyncio.Task[None]] = set()
        clockwork = AsyncIOScheduler(timezone="UTC")
        for name, job in self._jobs.items():
            clockwork.add_job(
                kept(self._rounds.turn(name, job), running),
                CronTrigger(**job.at, timezone="UTC"),
                id=name,
                coalesce=True,
                max_instances=1,
                misfire_grace_time=LATE_SECONDS,
            )
        clockwork.start()
        await self._over.wait()
        clockwork.shutdown(wait=False)
        await asyncio.gather(*running, return_exceptions=True)

    def stop(self) -> None:
        """Lets `run` end."""
        self._over.set()


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
