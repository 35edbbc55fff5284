"""TLS in front of a Postgres that has none: what a managed database's own end of the line does."""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import trustme

from runtime.embedded.ports import HOST

SSL_REQUEST = struct.pack(">II", 8, 80877103)
"""https://www.postgresql.org/docs/current/protocol-message-formats.html"""


@asynccontextmanager
async def tls_proxy(socket: str, authority: trustme.CA, *names: str) -> AsyncIterator[int]:
    """A port of this machine that leads to the server behind this Unix socket, by TLS only.

    `names`: whom its certificate, signed by `authority`, is made out to.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    open_ends: set[asyncio.StreamWriter] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ends.add(writer)
        try:
            await _serve(reader, writer, context, socket)
        except (OSError, asyncio.IncompleteReadError):
            # A client that does not like the certificate goes away.
            pass
        finally:
            writer.close()
            open_ends.discard(writer)

    server = await asyncio.start_server(serve, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for writer in open_ends:
            writer.close()


async def _serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext, socket: str
) -> None:
    if await reader.readexactly(len(SSL_REQUEST)) != SSL_REQUEST:
        return
    writer.write(b"S")
    await writer.start_tls(context)
    behind_reader, behind = await asyncio.open_unix_connection(socket)
    try:
        await asyncio.wait(
            [asyncio.create_task(_pass(reader, behind)), asyncio.create_task(_pass(behind_reader, writer))],
            return_when=asyncio.FIRST_COMPLETED,
        )
    finally:
        behind.close()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(64 * 1024):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        # One end is gone: the other is closed by whoever waits for this.
        return
