"""`relearn mcp`: what stands on its output, and how it begins and ends."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from typing import Any

import orjson
import pytest

from runtime.embedded.ports import HOST, free_port
from tests.cli.running import relearn

HELLO = {
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "tests", "version": "1"},
    },
}
WEB = "--url must be an address that begins with http:// or https://"
SEARCH = {"method": "tools/call", "params": {"name": "search_knowledge", "arguments": {"query": "x"}}}


async def started(url: str) -> Process:
    words = ["-m", "cli.main", "mcp", "--url", url]
    env = {**os.environ, "RELEARN_API_KEY": "relearn_key"}
    return await asyncio.create_subprocess_exec(
        sys.executable, *words, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=env
    )


async def ask(process: Process, id: int, message: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(orjson.dumps({"jsonrpc": "2.0", "id": id, **message}) + b"\n")
    answer: dict[str, Any] = orjson.loads(await process.stdout.readline())
    assert (answer["jsonrpc"], answer["id"]) == ("2.0", id)
    return answer


async def test_it_says_nothing_but_the_protocol_and_ends_with_its_client() -> None:
    url = f"http://{HOST}:{free_port()}"
    process = await started(url)
    assert (await ask(process, 1, HELLO))["result"]["serverInfo"]["name"] == "relearn"
    (words,) = (await ask(process, 2, SEARCH))["result"]["content"]
    assert words["text"].startswith(f"the API cannot be reached at {url}")
    assert await process.communicate(b"") == (b"", b"")
    assert process.returncode == 0


async def test_ctrl_c_ends_it_while_nobody_speaks() -> None:
    process = await started("http://api.invalid")
    await ask(process, 1, HELLO)
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(10):
        assert await process.wait() == -signal.SIGINT
    assert process.stdout is not None
    assert await process.stdout.read() == b""


@pytest.mark.parametrize(
    ("url", "key", "why"),
    [
        ("http://127.0.0.1:1", "", "RELEARN_API_KEY must be set to a key of `relearn keys create`"),
        ("http://127.0.0.1:1", "relearn_\n", "RELEARN_API_KEY must be set to a key of `relearn keys create`"),
        ("127.0.0.1:8000", "relearn_x", f"{WEB}, not 127.0.0.1:8000"),
        ("http://", "relearn_x", f"{WEB}, not http://"),
        ("http://[::1", "relearn_x", f"{WEB}, not http://[::1"),
    ],
)
async def test_what_it_cannot_begin_with_is_one_sentence(url: str, key: str, why: str) -> None:
    result = await relearn("mcp", "--url", url, env={"RELEARN_API_KEY": key})
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", f"relearn: {why}\n")
