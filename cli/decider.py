"""`relearn decider`: decides, and writes the decision log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import typer
from pydantic import BaseModel

from cli.domains import topics_of
from cli.failure import Failed
from cli.lifetime import Runner, end_surely, run_all
from cli.options import Domains, HealthPort
from cli.parts import Part, prepared, run_part
from runtime.fault import Faults
from runtime.health import Health
from runtime.progress import STALLED_SECONDS
from runtime.registry import Following, settled
from runtime.settings import Settings
from schemas.policy import ExecutionsPolicy, LearningPolicy
from streams.decider import Decider
from streams.domain import Domain
from streams.executions.decider import Executions
from streams.learning.decider import Learning
from streams.partition import Opening
from streams.status import PartitionStatus

NAME = "decider"

DECIDERS: Mapping[str, tuple[Callable[[], Domain[Any]], Callable[[], BaseModel]]] = {
    "learning": (Learning, LearningPolicy),
    "executions": (Executions, ExecutionsPolicy),
}
"""The pure part of each domain, and the policy that its log begins with."""

LOOK_SECONDS = 0.5

PATIENCE_SECONDS = 120.0
"""How long a partition may have something to do without progress, all attempts of a transaction included."""

SPARE = "spare: other deciders have all partitions"

app = typer.Typer(add_completion=False)


def pure(domain: str) -> Domain[Any]:
    """The pure part of the domain of this name.

    Raises:
        Failed: if there is none.
    """
    return DECIDERS[topics_of(domain).name][0]()


@app.command(epilog="Example: relearn decider --health-port 9102")
def decider(domain: Domains = None, health_port: HealthPort = None) -> None:
    """Run a decider until SIGTERM; it finishes the batch in hand. Several share the partitions."""
    run_part(_run(prepared(NAME, domain, health_port)))


async def _run(part: Part) -> None:
    async with part.server:
        settings = await settled(part.settings)
        runners: list[Runner] = [Following(settings)]
        for name in settings.domains:
            one = _decider(name, settings.of(name), part)
            runners += [one, Reporter(name, one, part.health)]
        await run_all(runners, end_surely)


def _decider(domain: str, settings: Settings, part: Part) -> Decider[Any]:
    _, policy = DECIDERS[domain]
    opening = Opening(policy(), settings.embedding_model, settings.partitions)
    return Decider(settings, pure(domain), opening, registry=part.registry, fault=Faults.from_environment())


class Watched(Protocol):
    """What is looked at of a decider."""

    @property
    def is_spare(self) -> bool: ...
    def status(self) -> Sequence[PartitionStatus]: ...


class Reporter:
    """Keeps the health of a decider's partitions up to date, and ends a decider that has stalled."""

    def __init__(self, domain: str, watched: Watched, health: Health) -> None:
        self._domain = domain
        self._watched = watched
        self._health = health
        self._over = asyncio.Event()
        self._known: set[str] = set()

    async def run(self) -> None:
        """Looks again and again, until `stop`.

        Raises:
            Failed: if a partition has had something to do for too long, does not do it, and states no reason.
        """
        while not self._over.is_set():
            self.look()
            self._end_if_stalled()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._over.wait(), LOOK_SECONDS)

    def _end_if_stalled(self) -> None:
        stalled = [
            str(each.partition)
            for each in self._watched.status()
            if each.has_work and each.idle_seconds > PATIENCE_SECONDS
        ]
        if stalled:
            raise Failed(
                f"partition {', '.join(stalled)} of {self._domain} has stalled; a new process may do better"
            )

    def stop(self) -> None:
        """Lets `run` end."""
        self._over.set()

    def look(self) -> None:
        """Tells how each partition is doing now, or that there is none for this process.

        Ready is who has partitions, all of them live, and who is spare; not, who has been assigned nothing yet.
        """
        found = {f"{self._domain} {each.partition}": each for each in self._watched.status()}
        spare = {self._domain} if self._watched.is_spare else set()
        for part in self._known - found.keys() - spare:
            self._health.forget(part)
        self._known = {*found, *spare}
        for part, each in found.items():
            self._tell(part, each)
        for part in spare:
            self._health.ready(part, SPARE)
        if self._known:
            self._health.ready(NAME)

    def _tell(self, part: str, told: PartitionStatus) -> None:
        if told.state == "live" and told.has_work and told.idle_seconds > STALLED_SECONDS:
            self._health.unready(
                part, f"has {told.lag} to decide, and has decided nothing for {told.idle_seconds:.0f} s"
            )
        elif told.state == "live":
            self._health.ready(part)
        else:
            self._health.unready(part, f"{told.state}: {told.reason}" if told.reason else told.state)
