"""A request that is sent again is answered as it was the first time."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from uuid import UUID, uuid4, uuid5

from fastapi.responses import Response

from api.problems import Fault, Problem, invalid

MOST = 10_000
"""Answers that a process remembers. What is older, or was given by another process, is decided once all the same:
the event's id follows from the key.
"""

LONGEST = 255
NAMESPACE = UUID("0a5d1e0c-52a7-5a39-9c0c-3f8e5f1f6a55")


def event_id(caller: str, key: str | None) -> UUID:
    """The id of the event that a request makes: with a key always the same, else a new one.

    Raises:
        Problem: if the key is none.
    """
    if key is None:
        return uuid4()
    if not (key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST):
        reason = f"must be 1 to {LONGEST} printable ASCII characters"
        raise invalid(f"Idempotency-Key: {reason}", Fault("Idempotency-Key", reason))
    return uuid5(NAMESPACE, f"{caller}/{key}")


class Answers:
    """The answers of this process, by the id of the event that each is about."""

    def __init__(self) -> None:
        self._given: OrderedDict[UUID, tuple[bytes, asyncio.Future[Response]]] = OrderedDict()

    async def once(self, id: UUID, request: bytes, answer: Callable[[], Awaitable[Response]]) -> Response:
        """The answer that was given, or is being given, to the same request; else a new one.

        Only what was accepted is remembered: anything else may be tried again.

        Raises:
            Problem: if the key was used for another request.
        """
        print_of = hashlib.sha256(request).digest()
        if (known := self._given.get(id)) is not None:
            if known[0] != print_of:
                detail = "this Idempotency-Key was used for another request"
                raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, [Fault("Idempotency-Key", detail)])
            return await asyncio.shield(known[1])
        giving = asyncio.ensure_future(answer())
        self._given[id] = print_of, giving
        if len(self._given) > MOST:
            self._given.popitem(last=False)
        giving.add_done_callback(lambda done: self._forget_failed(id, done))
        return await asyncio.shield(giving)

    def _forget_failed(self, id: UUID, done: asyncio.Future[Response]) -> None:
        if done.cancelled() or done.exception() is not None:
            self._given.pop(id, None)
