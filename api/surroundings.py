"""Around every request: an id, a deadline, safe headers, and one line in the log that quotes nobody."""

from __future__ import annotations

import asyncio
import re
from http import HTTPStatus
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.meters import Meters
from api.problems import Problem, unexpected
from runtime.clock import Clock
from runtime.tracing import joined

ANSWER_SECONDS = 45.0
"""Until an answer begins: longer than the longest wait that may be asked for."""

OWN_ID = re.compile(r"[\w.:-]{1,128}", re.ASCII)

SAFE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
"""Unless an answer says otherwise itself."""

log = structlog.get_logger("api")


class Surroundings:
    """Pure ASGI, so that streams stay streams."""

    def __init__(
        self, app: ASGIApp, clock: Clock, meters: Meters, answer_seconds: float = ANSWER_SECONDS
    ) -> None:
        self._app, self._clock, self._meters = app, clock, meters
        self._answer_seconds = answer_seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        given = headers.get("x-request-id", "")
        request_id = given if OWN_ID.fullmatch(given) else str(uuid4())
        with structlog.contextvars.bound_contextvars(request_id=request_id), joined(headers):
            exchange = _Exchange(self._app, self._clock, self._meters, request_id)
            await exchange.run(scope, receive, send, self._answer_seconds)


class _Exchange:
    """One request and its answer."""

    def __init__(self, app: ASGIApp, clock: Clock, meters: Meters, request_id: str) -> None:
        self._app, self._clock, self._meters = app, clock, meters
        self._request_id = request_id
        self._began = clock.monotonic()
        self._status = 0

    async def run(self, scope: Scope, receive: Receive, send: Send, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds) as deadline:
                await self._app(scope, receive, self._sender(scope, send, deadline))
        except ClientDisconnect:
            log.info("the caller has gone")
        except TimeoutError:
            if self._status:
                raise
            detail = f"no answer within {seconds:g} s; whether anything was done is not known"
            problem = Problem(HTTPStatus.GATEWAY_TIMEOUT, detail)
            await problem.response()(scope, receive, self._sender(scope, send, None))
        except Exception as error:
            # Here and no further out, so that this answer is told and has its headers as every other.
            if self._status:
                raise
            await unexpected(error).response()(scope, receive, self._sender(scope, send, None))
        finally:
            took = round(self._seconds() * 1000, 1)
            log.info("request", method=scope["method"], route=_route(scope), status=self._status, ms=took)

    def _seconds(self) -> float:
        return self._clock.monotonic() - self._began

    def _sender(self, scope: Scope, send: Send, deadline: asyncio.Timeout | None) -> Send:
        async def sender(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._status = int(message["status"])
                self._meters.answered(_route(scope), scope["method"], self._status, self._seconds())
                if deadline is not None:
                    deadline.reschedule(None)
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = self._request_id
                for name, value in SAFE.items():
                    headers.setdefault(name, value)
            await send(message)

        return sender


def _route(scope: Scope) -> str | None:
    """The route as it is declared: what stands in a path or a query may be personal."""
    path: str | None = getattr(scope.get("route"), "path", None)
    return path
