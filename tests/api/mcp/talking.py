"""Clients of the protocol, over each of its transports."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal

import httpx2
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from tests.faults.parts import ROOT

Way = Literal["handshake", "envelope", "stdio"]
"""HTTP as clients have spoken it until now, HTTP as they speak it from 2026 on, and a process of the client's own."""


@asynccontextmanager
async def talking(way: Way, url: str, key: str, *options: str) -> AsyncIterator[Client]:
    """A client with this key. `options`: of the process, if it is one."""
    if way == "stdio":
        words = ["-m", "cli.main", "mcp", "--url", url, *options]
        environment = {"RELEARN_API_KEY": key, "PYTHONPATH": str(ROOT)}
        async with Client(
            StdioServerParameters(command=sys.executable, args=words, env=environment, cwd=Path.cwd())
        ) as client:
            yield client
        return
    headers = {"authorization": f"Bearer {key}"}
    mode = "legacy" if way == "handshake" else "2026-07-28"
    async with (
        httpx2.AsyncClient(headers=headers, timeout=60) as http,
        Client(streamable_http_client(f"{url}/api/mcp", http_client=http), mode=mode) as client,
    ):
        yield client


async def called(client: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """What a tool gives."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    told: dict[str, Any] = result.structured_content
    return told


async def refused(client: Client, tool: str, **arguments: object) -> str:
    """Why a tool gives nothing."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error, result.content
    (words,) = result.content
    assert words.type == "text"
    return words.text
