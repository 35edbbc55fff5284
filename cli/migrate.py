"""`relearn migrate`: the tables of each domain, in a schema of the domain's name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import typer

from cli.domains import settings_of_tables
from cli.failure import Failed
from cli.options import Domains, Json, Yes
from cli.screen import print_json
from projections.domains import PROJECTIONS
from runtime import postgres
from runtime.embedding import dimensions_of
from runtime.migration import Migrator
from runtime.settings import Settings

app = typer.Typer(no_args_is_help=True, add_completion=False)

Steps = list[str]


@app.callback()
def migrate() -> None:
    """Create, verify or remove the tables."""


@app.command(epilog="Example: relearn migrate upgrade")
def upgrade(domain: Domains = None, as_json: Json = False) -> None:
    """Apply the migrations that are not applied yet."""
    done = _each(domain, lambda migrator, conn: migrator.upgrade(conn))
    _report(done, "applied", as_json)


@app.command(epilog="Example: relearn migrate downgrade --yes")
def downgrade(domain: Domains = None, yes: Yes = False, as_json: Json = False) -> None:
    """Take everything back; nothing is left behind. The log is untouched: a projector fills the tables again."""
    _confirm("Drop every table?", yes)
    done = _each(domain, lambda migrator, conn: migrator.downgrade(conn))
    _report(done, "taken back", as_json)


@app.command(epilog="Example: relearn migrate reset --yes")
def reset(domain: Domains = None, yes: Yes = False, as_json: Json = False) -> None:
    """Drop the tables and create them empty; a projector fills them again from the log."""
    _confirm("Drop every table and begin anew?", yes)
    done = _each(domain, lambda migrator, conn: migrator.reset(conn))
    _report(done, "applied anew", as_json)


@app.command(epilog="Example: relearn migrate validate")
def validate(domain: Domains = None, as_json: Json = False) -> None:
    """Compare the live tables, part by part, with what the migrations make."""
    reports = _each(domain, lambda migrator, conn: migrator.validate(conn))
    if as_json:
        print_json({name: {"tables": each.tables, "issues": each.issues} for name, each in reports.items()})
    else:
        for report in reports.values():
            typer.echo(str(report))
    if wrong := [name for name, each in reports.items() if not each.ok]:
        raise Failed(f"schema {', '.join(wrong)} is not as its migrations make it")


def _confirm(question: str, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)


def _each(domains: list[str] | None, do: Callable[[Migrator, Any], Awaitable[Any]]) -> dict[str, Any]:
    return asyncio.run(_in_each(settings_of_tables(domains), do))


async def _in_each(settings: Settings, do: Callable[[Migrator, Any], Awaitable[Any]]) -> dict[str, Any]:
    done = {}
    for domain in settings.domains:
        conn = await postgres.connect(settings, domain, vectors=False)
        try:
            done[domain] = await do(await migrator_of(settings, domain).fitted(conn), conn)
        finally:
            await conn.close()
    return done


def migrator_of(settings: Settings, domain: str) -> Migrator:
    """The migrations of this domain, for the width of the configured model.

    Raises:
        Failed: if the model's width is not known.
    """
    try:
        settings = settings.of(domain)
        width = dimensions_of(settings.embedding_model)
    except ValueError as error:
        raise Failed(str(error)) from error
    version, generation = PROJECTIONS[domain].version, settings.registered(domain).current
    return Migrator(domain, domain, width, settings.embedding_model, version, generation)


async def upgrade_all(settings: Settings) -> dict[str, Steps]:
    """Applies what is missing in every domain; the names by domain."""
    return await _in_each(settings, lambda migrator, conn: migrator.upgrade(conn))


def _report(done: dict[str, Steps], what: str, as_json: bool) -> None:
    if as_json:
        print_json(done)
        return
    for domain, names in done.items():
        typer.echo(f"{domain}: {len(names)} migrations {what}" if names else f"{domain}: nothing to do")
