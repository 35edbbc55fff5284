"""MCP over HTTP: the tools of assistants, in the name of whoever calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import httpx
from fastapi import APIRouter, FastAPI, Request, Security
from fastapi.responses import Response
from fastapi.security import HTTPAuthorizationCredentials
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.types import INVALID_REQUEST, ErrorData, JSONRPCError
from starlette.types import Receive, Scope, Send

from api.callers import BEARER, caller_of
from api.mcp.server import server_of
from api.problems import Problem
from schemas.topics import MAX_INPUT_BYTES

WITHIN = "http://relearn"
"""How the tools name the app that they are in."""


@asynccontextmanager
async def assisted(app: FastAPI) -> AsyncIterator[None]:
    """The app's tools can be called for as long as the block lasts; they ask the app's own routes."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=WITHIN) as client:
        # Nothing is kept between requests, so that any process may answer any of them.
        sessions = StreamableHTTPSessionManager(
            server_of(client), json_response=True, stateless=True, max_request_body_size=MAX_INPUT_BYTES
        )
        async with sessions.run():
            app.state.assistants = sessions
            yield


def assisting() -> APIRouter:
    """One route. It is not in the OpenAPI document: what it speaks describes itself."""
    router = APIRouter(include_in_schema=False)
    router.add_api_route("/mcp", speak, methods=["POST"])
    return router


async def speak(
    request: Request, shown: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)]
) -> Response:
    """One message. Who calls is asked at the door, and again by each route that a tool uses."""
    try:
        await caller_of(request, shown)
    except Problem as problem:
        return _refused(problem)
    return _Spoken(request.app.state.assistants)


def _refused(problem: Problem) -> Response:
    """As clients of the protocol read it: of other bodies they tell nobody what they say."""
    error = ErrorData(code=INVALID_REQUEST, message=problem.detail, data=problem.as_json())
    body = JSONRPCError(jsonrpc="2.0", id=None, error=error).model_dump_json(by_alias=True)
    return Response(body, problem.status, problem.headers, "application/json")


class _Spoken(Response):
    """Whatever the protocol answers.

    Hosts and origins are not compared: whom a browser is tricked into calling, it shows no key.
    """

    def __init__(self, sessions: StreamableHTTPSessionManager) -> None:
        super().__init__()
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._sessions.handle_request(scope, receive, send)
