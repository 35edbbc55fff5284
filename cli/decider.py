"""`relearn decider`: decides, and writes the decision log."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import typer
import uvloop
from pydantic import BaseModel

from cli.failure import Failed
from cli.lifetime import Runner, run_all
from cli.options import Domains, HealthPort
from cli.parts import Part, prepared
from runtime.clock import Clock, SystemClock
from runtime.fault import Faults
from runtime.health import Health
from schemas.policy import LearningPolicy
from streams.decider import Decider
from streams.domain import Domain
from streams.learning.decider import Learning
from streams.partition import Opening
from streams.status import PartitionStatus

NAME = "decider"

DECIDERS: Mapping[str, tuple[Callable[[], Domain[Any]], Callable[[], BaseModel]]] = {
    "learning": (Learning, LearningPolicy)
}
"""The pure part of each domain, and the policy that its log begins with."""

LOOK_SECONDS = 0.5

SPARE = "spare: other deciders have all partitions"

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn decider --health-port 9102")
def decider(domain: Domains = None, health_port: HealthPort = None) -> None:
    """Run a decider until SIGTERM; it finishes the batch in hand. Several share the partitions."""
    uvloop.run(_run(prepared(NAME, domain, health_port)))


async def _run(part: Part) -> None:
    runners: list[Runner] = []
    clock = SystemClock()
    for name in part.settings.domains:
        pure, policy = DECIDERS[name]
        opening = Opening(policy(), part.settings.embedding_model, part.settings.partitions)
        one = Decider(part.settings, pure(), opening, registry=part.registry, fault=Faults.from_environment())
        runners += [one, Reporter(name, one, part.health, clock)]
    async with part.server:
        await run_all(runners)


class Watched(Protocol):
    """What is looked at of a decider."""

    @property
    def is_spare(self) -> bool: ...
    def status(self) -> Sequence[PartitionStatus]: ...
    def stalled(self, now: float) -> Sequence[PartitionStatus]: ...


class Reporter:
    """Keeps the health of a decider's partitions up to date."""

    def __init__(self, domain: str, watched: Watched, health: Health, clock: Clock) -> None:
        self._domain = domain
        self._watched = watched
        self._health = health
        self._clock = clock
        self._over = asyncio.Event()
        self._known: set[str] = set()

    async def run(self) -> None:
        """Looks again and again, until `stop`.

        Raises:
            Failed: if a partition has something to do, does not do it, and states no reason.
        """
        while not self._over.is_set():
            self.look()
            if stalled := self._watched.stalled(self._clock.monotonic()):
                numbers = ", ".join(str(each.partition) for each in stalled)
                raise Failed(
                    f"partition {numbers} of {self._domain} has stalled; a new process may do better"
                )
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._over.wait()
            except TimeoutError:
                continue

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
        if told.state == "live":
            self._health.ready(part)
        else:
            self._health.unready(part, f"{told.state}: {told.reason}" if told.reason else told.state)
