"""How much a request may bring, and how many a caller may make."""

from __future__ import annotations

from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any
from uuid import UUID

import structlog
from fastapi import Request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.problems import Problem, too_large
from runtime.clock import Clock
from schemas import codec
from schemas.failures import InvalidEvent
from schemas.topics import MAX_INPUT_BYTES

log = structlog.get_logger(__name__)

JSON = "application/json"


class Limits:
    """How many requests each caller may make."""

    def __init__(self, rate: str, clock: Clock) -> None:
        """`rate`: as `6000/minute`."""
        self._rate = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._clock = clock

    def count(self, caller: UUID) -> None:
        """One request more. `caller`: by id, for several may have the same name.

        Raises:
            Problem: 429, saying when to come again.
        """
        if self._limiter.hit(self._rate, str(caller)):
            return
        log.info("too many requests", caller=str(caller))
        reset = self._limiter.get_window_stats(self._rate, str(caller)).reset_time
        wait = max(1, round(reset - self._clock.now().timestamp()))
        raise Problem(
            HTTPStatus.TOO_MANY_REQUESTS,
            f"more than {self._rate}",
            headers={"Retry-After": str(wait)},
        )


async def bytes_of(request: Request, most: int = MAX_INPUT_BYTES) -> bytes:
    """The request's body.

    Raises:
        Problem: 413 if it is larger than allowed.
    """
    said = request.headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise too_large(most)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > most:
            raise too_large(most, endless=True)
    return bytes(body)


async def object_of(request: Request) -> dict[str, Any]:
    """The JSON object that a request brings.

    Raises:
        Problem: if it is something else.
    """
    require_type(request, JSON)
    raw = await bytes_of(request)
    try:
        return codec.parse(raw)
    except InvalidEvent as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"the body is no event: {error}") from error


async def lines_of(request: Request) -> AsyncIterator[bytes]:
    """The lines of a request's body, as they come.

    Raises:
        Problem: 413 if one is larger than an event may be.
    """
    rest = b""
    async for piece in request.stream():
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            if line.strip():
                yield line
        if len(rest) > MAX_INPUT_BYTES:
            raise too_large(MAX_INPUT_BYTES)
    if rest.strip():
        yield rest


def require_type(request: Request, *allowed: str) -> None:
    """Raises a 415 where the body is said to be something else."""
    found = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if found not in allowed:
        raise Problem(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"Content-Type must be {' or '.join(allowed)}, not {found or 'absent'}",
        )
