"""MCP over HTTP: who comes in, what they hear if they do not, and in whose name tools ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI, Request

from api.bounds import Limits
from api.callers import Unknown
from api.problems import answer_problems, unavailable
from api.routes.assisting import assisted, assisting
from runtime.clock import SystemClock
from schemas.access import Caller
from tests.streams.learning.story import name

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ANN = {"authorization": "Bearer ann", "accept": "application/json"}


class Door:
    """Knows Ann."""

    async def caller(self, secret: str) -> Caller:
        if secret != "ann":
            raise Unknown("this key is unknown, revoked or expired")
        return Caller("ann", name("ann"), "service", frozenset({7}))


@asynccontextmanager
async def talking() -> AsyncIterator[httpx.AsyncClient]:
    """Of an app whose search tells by which headers it was asked, and whose taking is away."""
    app = FastAPI(redirect_slashes=False)
    app.state.doorkeeper, app.state.limits = Door(), Limits("3/hour", SystemClock())
    app.include_router(assisting(), prefix="/api")

    async def search(request: Request) -> dict[str, object]:
        hit = {"id": str(name("hit")), "content": str(dict(request.headers)), "score": 1}
        return {"by_meaning": True, "items": [hit]}

    async def take() -> None:
        raise unavailable("not accepted: the brokers are away")

    app.add_api_route("/api/knowledge/search", search)
    app.add_api_route("/api/knowledge", take, methods=["POST"])
    answer_problems(app)
    transport = httpx.ASGITransport(app)
    async with assisted(app), httpx.AsyncClient(transport=transport, base_url="http://api") as client:
        yield client


def call(tool: str, **arguments: object) -> dict[str, object]:
    return LIST | {"method": "tools/call", "params": {"name": tool, "arguments": arguments}}


@pytest.mark.parametrize("shown", [{}, {"authorization": "Bearer bob"}, {"authorization": "Basic YTpi"}])
async def test_strangers_hear_why_as_clients_of_the_protocol_read_it(shown: dict[str, str]) -> None:
    async with talking() as client:
        refused = await client.post("/api/mcp", json=LIST, headers={"accept": "application/json"} | shown)
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"].startswith("Bearer")
        error = refused.json()["error"]
        assert error["message"] == error["data"]["detail"]
        assert "key" in error["message"]


async def test_too_many_messages_are_refused_in_words() -> None:
    async with talking() as client:
        for _ in range(3):
            assert (await client.post("/api/mcp", json=LIST, headers=ANN)).status_code == 200
        refused = await client.post("/api/mcp", json=LIST, headers=ANN)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 3000
        assert refused.json()["error"]["message"] == "more than 3 per 1 hour"


async def test_nothing_is_kept_between_messages() -> None:
    async with talking() as client:
        listed = await client.post("/api/mcp", json=LIST, headers=ANN)
        assert [tool["name"] for tool in listed.json()["result"]["tools"]] == [
            "search_knowledge",
            "propose_knowledge",
            "correct_response",
            "why",
        ]
        assert "mcp-session-id" not in listed.headers
        refused = await client.get("/api/mcp", headers=ANN | {"accept": "text/event-stream"})
        assert refused.status_code == 405


async def test_tools_ask_in_the_name_and_trace_of_their_caller() -> None:
    async with talking() as client:
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        sent = ANN | {"traceparent": trace, "x-request-id": "r1", "prefer": "wait=9", "cookie": "a=b"}
        answered = await client.post("/api/mcp", json=call("search_knowledge", query="x"), headers=sent)
        (hit,) = answered.json()["result"]["structuredContent"]["items"]
        assert "'authorization': 'Bearer ann'" in hit["content"]
        assert f"'traceparent': '{trace}'" in hit["content"]
        assert "'x-request-id': 'r1'" in hit["content"]
        assert "prefer" not in hit["content"]
        assert "cookie" not in hit["content"]


async def test_a_problem_is_a_sentence_that_says_when_to_come_again() -> None:
    async with talking() as client:
        answered = await client.post("/api/mcp", json=call("propose_knowledge", content="x"), headers=ANN)
        result = answered.json()["result"]
        assert result["isError"]
        assert result["content"] == [
            {"type": "text", "text": "not accepted: the brokers are away (come again in 2 s)"}
        ]


async def test_a_message_larger_than_an_event_is_refused() -> None:
    async with talking() as client:
        huge = call("propose_knowledge", content="x" * 2**20)
        assert (await client.post("/api/mcp", json=huge, headers=ANN)).status_code == 413
