"""`relearn api` as a process: what it says of itself, whom it tells of traces, and how it ends."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import orjson

from runtime.embedded.ports import HOST, free_port
from runtime.process import start_process
from runtime.settings import Settings
from tests.api.asking import IMPORT, OWN, some
from tests.api.served import Served
from tests.cli.test_traces import Collector, collector, soon
from tests.faults.parts import ROOT

__all__ = ["collector", "soon"]

WORDS = "the-customer-said-this"
KNOWLEDGE = {"shop_id": OWN, "content": WORDS}
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PATIENCE = 60.0
ENDING_SECONDS = 20.0


class Process:
    """The API in a process of its own."""

    def __init__(self, settings: Settings, log: Path, authorization: str) -> None:
        self.port, self.log = free_port(), log
        told = {"RELEARN_API_PORT": str(self.port), "PYTHONPATH": str(ROOT)}
        with log.open("ab") as file:
            words = [sys.executable, "-m", "cli.main", "api"]
            env = {**os.environ, **settings.environment(), **told}
            self.child: subprocess.Popen[bytes] = start_process(words, file, signal.SIGKILL, env=env)
        self.authorization = {"authorization": authorization}
        self.caller = httpx.AsyncClient(
            base_url=f"http://{HOST}:{self.port}", headers=self.authorization, timeout=PATIENCE
        )

    async def until_it_accepts(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await self._accepts():
                await asyncio.sleep(0.05)

    async def _accepts(self) -> bool:
        assert self.child.poll() is None, self.log.read_text()
        try:
            return (await self.caller.post("/api/knowledge", json=KNOWLEDGE)).is_success
        except httpx.TransportError:
            return False

    async def listens(self) -> bool:
        """Whether somebody new may come."""
        try:
            _, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        writer.close()
        return True


@asynccontextmanager
async def running(settings: Settings, log: Path, authorization: str) -> AsyncIterator[Process]:
    """From when it accepts until it has ended."""
    process = Process(settings, log, authorization)
    try:
        await process.until_it_accepts()
        yield process
    finally:
        await process.caller.aclose()
        process.child.kill()
        process.child.wait()


async def test_a_process_from_its_start_to_its_end(
    api: Served, admin: httpx.Client, tmp_path: Path, collector: Collector, soon: None
) -> None:
    told = {"log_level": "INFO", "log_format": "json", "otlp_endpoint": collector.endpoint}
    settings = api.settings.model_copy(update=told)
    async with running(settings, tmp_path / "api.log", admin.headers["authorization"]) as process:
        asked = await much_is_said(process)
        await a_trace_is_told(process, collector)
        await requests_in_hand_are_finished(process)
        the_log_quotes_nobody(process.log, asked)


async def much_is_said(process: Process) -> dict[str, tuple[str | None, int]]:
    """Requests with words in all their places: by their ids, what the log may say of each."""
    caller, json = process.caller, {"content-type": "application/json"}
    sent = {
        ("POST", "/api/knowledge"): (f"/api/knowledge?about={WORDS}", orjson.dumps(KNOWLEDGE), json, 202),
        ("POST", "/api/queue/{id}/approve"): (f"/api/queue/{WORDS}/approve", b"{}", json, 422),
        ("POST", "/api/feedback/rating"): ("/api/feedback/rating", orjson.dumps({WORDS: 1}), json, 422),
        ("POST", "/api/apply"): ("/api/apply", WORDS.encode(), json, 400),
        ("POST", "/api/responses"): ("/api/responses", b"{}", {"content-type": WORDS}, 415),
        ("GET", None): (f"/api/{WORDS}", b"", {}, 404),
        ("POST", IMPORT): (
            f"{IMPORT}?source={WORDS}&shop_id={OWN}",
            orjson.dumps({"content": WORDS}),
            {"content-type": "application/x-ndjson"},
            200,
        ),
        ("POST", "/api/conversations"): (
            "/api/conversations",
            b"{}",
            {"authorization": f"Bearer {WORDS}"},
            401,
        ),
    }
    asked = {}
    for (method, route), (path, content, headers, status) in sent.items():
        id = some()
        answer = await caller.request(method, path, content=content, headers={**headers, "x-request-id": id})
        assert answer.status_code == status, (path, answer.text)
        asked[id] = (route and route.removeprefix("/api"), status)
    return asked


async def a_trace_is_told(process: Process, collector: Collector) -> None:
    headers = {"traceparent": f"00-{TRACE}-{SPAN}-01"}
    answer = await process.caller.post("/api/knowledge", json=KNOWLEDGE, headers=headers)
    assert answer.status_code == HTTPStatus.ACCEPTED
    async with asyncio.timeout(PATIENCE):
        while not (found := [each for each in spans(collector) if each[1].name.startswith("send ")]):
            await asyncio.sleep(0.02)
    [(name, span)] = found
    assert name == "relearn-api"
    between = {each.span_id.hex() for _, each in spans(collector) if each.parent_span_id.hex() == SPAN}
    assert span.parent_span_id.hex() in {SPAN, *between}


def spans(collector: Collector) -> list[Any]:
    """All of this trace so far."""
    return [each for each in collector.spans if each[1].trace_id.hex() == TRACE]


async def requests_in_hand_are_finished(process: Process) -> None:
    """One whose body has not all come yet, and that then waits for what is decided."""
    body = orjson.dumps(KNOWLEDGE)
    told = {
        **process.authorization,
        "host": "api",
        "content-type": "application/json",
        "content-length": str(len(body)),
        "prefer": "wait=20",
        "expect": "100-continue",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    reader, writer = await asyncio.open_connection(HOST, process.port)
    writer.write(f"POST /api/knowledge HTTP/1.1\r\n{head}\r\n".encode() + body[:5])
    assert b"100" in await reader.readuntil(b"\r\n\r\n"), "it is in hand"
    process.child.send_signal(signal.SIGTERM)
    async with asyncio.timeout(ENDING_SECONDS):
        while await process.listens():
            await asyncio.sleep(0.02)
        writer.write(body[5:])
        answer = await reader.read()
        status = await asyncio.to_thread(process.child.wait)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    assert b'"outcomes":[{' in answer
    assert status == 0


def the_log_quotes_nobody(log: Path, asked: dict[str, tuple[str | None, int]]) -> None:
    text = log.read_text()
    assert WORDS not in text
    lines = [orjson.loads(line) for line in text.splitlines()]
    found = {
        line["request_id"]: (line["route"], line["status"]) for line in lines if line["event"] == "request"
    }
    assert {id: found[id] for id in asked} == asked
    assert all(line["ms"] >= 0 for line in lines if line["event"] == "request")
