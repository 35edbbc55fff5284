"""Connections to Postgres, all alike: pgvector's types, jsonb as orjson reads it, one schema in front."""

from __future__ import annotations

from typing import Any

import asyncpg
import orjson
from pgvector.asyncpg import register_vector

from runtime.settings import Settings

JSONB_VERSION = b"\x01"
"""What PostgreSQL puts before a jsonb in binary form (jsonb_recv): binary, so that COPY can use it too."""


class VectorsMissing(Exception):
    """The database has no pgvector extension yet."""

    def __init__(self) -> None:
        super().__init__("the database has no pgvector extension: run `relearn migrate upgrade` first")


async def connect(settings: Settings, schema: str, *, vectors: bool = True) -> asyncpg.Connection:
    """One connection to this schema.

    `vectors=False` is for what must work on an empty database, as the migrations do. jsonb is written from
    text that is JSON already, and read into Python's own values.

    Raises:
        VectorsMissing: if the extension is not there and `vectors` are asked for.
    """
    conn = await asyncpg.connect(settings.database_url, server_settings=_session(schema))
    try:
        await (prepare(conn) if vectors else _jsonb(conn))
    except BaseException:
        conn.terminate()
        raise
    return conn


async def create_pool(
    settings: Settings, schema: str, *, min_size: int = 1, max_size: int = 10
) -> asyncpg.Pool:
    """A pool of such connections, to be used with `async with` or closed.

    Raises:
        VectorsMissing: if the extension is not there.
    """
    return await asyncpg.create_pool(
        settings.database_url,
        min_size=min_size,
        max_size=max_size,
        init=prepare,
        server_settings=_session(schema),
    )


async def prepare(conn: asyncpg.Connection) -> None:
    """Teaches a connection vectors and jsonb."""
    try:
        await register_vector(conn, schema="public")
    except ValueError as error:
        raise VectorsMissing from error
    await _jsonb(conn)


async def _jsonb(conn: asyncpg.Connection) -> None:
    await conn.set_type_codec("jsonb", schema="pg_catalog", encoder=_encode, decoder=_decode, format="binary")


def _encode(text: str | bytes) -> bytes:
    return JSONB_VERSION + (text if isinstance(text, bytes) else text.encode())


def _decode(raw: bytes) -> Any:
    return orjson.loads(raw[len(JSONB_VERSION) :])


def _session(schema: str) -> dict[str, str]:
    quoted = schema.replace('"', '""')
    return {"search_path": f'"{quoted}", public', "application_name": "relearn", "timezone": "UTC"}
