"""Tables as they were at some place of the log, in a schema that lasts as long as it is looked at."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from asyncpg import Connection

from projections.building import EVERY_CORE, building
from projections.loading import Ends, Tell
from projections.projection import Projection
from projections.schemas import SchemaHeld, Schemas, SchemaTaken
from runtime import postgres
from runtime.migration import Migrator
from runtime.settings import Settings


@asynccontextmanager
async def scratch(
    settings: Settings,
    projection: Projection,
    migrator: Migrator,
    ends: Ends,
    tell: Tell,
    *,
    name: str | None = None,
    parallel: int = EVERY_CORE,
) -> AsyncIterator[Connection]:
    """A connection to a schema that holds what stands before these ends, and nothing else.

    `migrator`: of the tables that are read. The schema is dropped when the block ends, unless a `name` is given
    under which it is kept: it gets that when the block has ended well, so whatever has the name is whole.

    Raises:
        LogRefused, RecordRefused: if the log, or one of its records, cannot be shown.
        SchemaHeld: if somebody is at work on a schema of this name.
        SchemaTaken: if one is there already, or the name is kept for rebuilds and schemas like this one.
    """
    schemas, live = Schemas(), migrator.schema
    schema = f"{live}_scratch_{uuid4().hex[:12]}"
    conn = await postgres.connect(settings, schema)
    try:
        async with schemas.claimed(conn, schema), schemas.claimed(conn, name or schema):
            await drop_abandoned(conn, live)
            # What is there is somebody's: it is never filled.
            if name and (await schemas.is_there(conn, name) or name.startswith(tuple(reserved(live)))):
                raise SchemaTaken(name)
            try:
                async with building(settings, projection, migrator.beside(schema), parallel) as builder:
                    await builder.load(ends, tell)
                yield conn
                if name is not None:
                    await schemas.rename(conn, schema, name)
            finally:
                # Unless it has another name by now.
                await schemas.drop(conn, schema)
    finally:
        await conn.close()


def reserved(live: str) -> list[str]:
    """How names begin that are not for keeping."""
    return [f"{live}_{use}" for use in ("scratch", "building", "old")]


async def drop_abandoned(conn: Connection, live: str) -> list[str]:
    """Drops the scratch schemas of those who could not do so themselves; returns their names."""
    schemas, gone = Schemas(), []
    for schema in await schemas.like(conn, f"{live}\\_scratch\\_%"):
        try:
            async with schemas.claimed(conn, schema):
                await schemas.drop(conn, schema)
                gone.append(schema)
        except SchemaHeld:
            continue
    return gone
