"""`relearn mcp`: the tools of the API for an assistant that starts its servers itself."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Annotated

import httpx
import typer
from mcp.server.stdio import stdio_server

from api.mcp.server import server_of

KEY = "RELEARN_API_KEY"
SECONDS = httpx.Timeout(None, connect=5)
"""How long an answer may take, the tools know themselves."""

app = typer.Typer(add_completion=False)


@app.command(epilog="Example: RELEARN_API_KEY=relearn_… relearn mcp --url http://127.0.0.1:8000 --shop 7")
def mcp(
    url: Annotated[str, typer.Option("--url", help="Where the API is.")],
    shop: Annotated[
        int | None, typer.Option("--shop", min=1, help="The shop that is meant where a call names none.")
    ] = None,
) -> None:
    """Serve the tools of an API by MCP on standard input and output, with the key in RELEARN_API_KEY."""
    key = os.environ.get(KEY, "")
    if not (key.isascii() and key.isprintable() and key):
        raise _failed(f"{KEY} must be set to a key of `relearn keys create`")
    if not _is_web(url):
        raise _failed(f"--url must be an address that begins with http:// or https://, not {url}")
    # Nothing is held that would have to end well, and a read of standard input cannot be given up.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    asyncio.run(_serve(url, key, shop))


def _is_web(url: str) -> bool:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)


def _failed(sentence: str) -> Exception:
    # It knows all that can fail in any command: to load that takes longer than some clients wait for their servers.
    from cli.failure import Failed

    return Failed(sentence)


async def _serve(url: str, key: str, shop: int | None) -> None:
    headers = {"authorization": f"Bearer {key}"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=SECONDS) as client:
        server = server_of(client, shop)
        async with stdio_server() as (heard, said):
            await server.run(heard, said, server.create_initialization_options())
