"""`relearn projector`: shows decision logs in Postgres."""

from __future__ import annotations

from contextlib import AsyncExitStack

import typer

from cli.lifetime import Runner, end_surely, run_all
from cli.options import Domains, HealthPort
from cli.parts import Part, prepared, run_part
from projections.domains import PROJECTIONS
from projections.engine import Projector
from runtime.fault import Faults
from runtime.postgres import create_pool
from runtime.registry import Following, settled

NAME = "projector"

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn projector --health-port 9103")
def projector(domain: Domains = None, health_port: HealthPort = None) -> None:
    """Run a projector until SIGTERM; it finishes the batch in hand. Several share the partitions."""
    run_part(_run(prepared(NAME, domain, health_port)))


async def _run(part: Part) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(part.server)
        settings = await settled(part.settings)
        runners: list[Runner] = [Following(settings)]
        for domain in settings.domains:
            pool = await stack.enter_async_context(await create_pool(settings, domain))
            one = Projector(
                settings,
                PROJECTIONS[domain],
                pool,
                part.registry,
                part.health,
                fault=Faults.from_environment(),
            )
            runners += [one, one.watchdog]
        part.health.ready(NAME)
        await run_all(runners, end_surely)
