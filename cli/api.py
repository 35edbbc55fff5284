"""`relearn api`: HTTP for services, reviewers and applications."""

from __future__ import annotations

from typing import Annotated

import typer

from api.app import app_of
from api.serving import HttpServer, Keyring, Readiness, Serving, opened
from api.writing import Writing
from cli.lifetime import end_surely, run_all
from cli.options import Domains, HealthPort
from cli.parts import Part, prepared, run_part
from runtime.clock import SystemClock
from runtime.keys import KeyRing

NAME = "api"

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: relearn api --port 8080")
def api(
    host: Annotated[
        str | None, typer.Option("--host", envvar="RELEARN_API_HOST", help="Where to listen.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", envvar="RELEARN_API_PORT", min=1, max=65535, help="At which port.")
    ] = None,
    domain: Domains = None,
    health_port: HealthPort = None,
) -> None:
    """Serve the HTTP API until SIGTERM; requests in hand are finished. Any number may run side by side."""
    run_part(_run(prepared(NAME, domain, health_port), host, port))


async def _run(part: Part, host: str | None, port: int | None) -> None:
    settings, clock = part.settings, SystemClock()
    keys, writing = KeyRing(settings), Writing(settings)
    async with part.server, opened(settings, clock, keys, writing, part.registry) as services:
        server = HttpServer(app_of(services), host or settings.api_host, port or settings.api_port)
        readiness = Readiness(part.health, NAME, keys, writing)
        await run_all([Serving(server, Keyring(keys), writing, readiness)], end_surely)
