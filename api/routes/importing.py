"""Knowledge in bulk: a line of NDJSON for each entry, and lines back that tell how far it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID, uuid5

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from api.bounds import lines_of, require_type
from api.callers import Importer, shop_of
from api.declared import IDEMPOTENCY_KEY
from api.idempotency import event_id
from api.making import made
from api.problems import Problem, invalid_event
from api.responses import SENT
from api.services import Services, services
from schemas.access import Caller
from schemas.codec import parse
from schemas.event import Event
from schemas.failures import InvalidEvent
from schemas.knowledge import KnowledgeImported
from schemas.saying import became
from schemas.topics import LEARNING

NDJSON = "application/x-ndjson"

OUTSTANDING = 500
"""Entries that are appended and not yet visible, at most: what else happens in the shop waits for no more."""

PATIENCE_SECONDS = 30
"""How long these may take to become visible before the import gives up."""


def importing() -> APIRouter:
    """The route of imports."""
    router = APIRouter(tags=["report"])
    entry = {"type": "object", "required": ["content"]}
    told = {"description": "Lines as it goes on.", "content": {NDJSON: {"schema": {"type": "string"}}}}
    router.add_api_route(
        "/knowledge/import",
        import_knowledge,
        methods=["POST"],
        responses=SENT | {200: told},
        openapi_extra={
            "x-right": "import",
            "parameters": [IDEMPOTENCY_KEY],
            "requestBody": {"required": True, "content": {NDJSON: {"schema": entry}}},
        },
        response_class=StreamingResponse,
    )
    return router


async def import_knowledge(
    request: Request,
    caller: Importer,
    source: Annotated[str, Query(min_length=1, max_length=200)],
    shop_id: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
) -> StreamingResponse:
    """Import entries, live at once, no faster than they become visible.

    Each line back is an object: `done` and `counts` so far, `line` and `problem` where an entry cannot be read (the
    others go on), and at the end `finished`.
    """
    require_type(request, NDJSON)
    shop = shop_of(caller, shop_id)
    id = event_id(str(caller.reviewer_id), request.headers.get("idempotency-key"))
    work = _Import(services(request), caller, shop, source, id)
    # Where it ends early, nobody waits for the rest of what would be sent.
    return Duplex(work.told(request), headers={"connection": "close"}, media_type=NDJSON)


class Duplex(StreamingResponse):
    """Tells while the request is still being read: nobody else may take what comes."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends what there is to tell."""
        await self.stream_response(send)


class _Import:
    """One import."""

    def __init__(self, known: Services, caller: Caller, shop: int, source: str, id: UUID) -> None:
        self._known, self._caller = known, caller
        self._shop, self._source, self._id = shop, source, id
        self._counts: Counter[str] = Counter()
        self._done = 0

    async def told(self, request: Request) -> AsyncIterator[bytes]:
        """Lines, as entries become visible."""
        lot: list[Event[Any]] = []
        try:
            number = 0
            async for line in lines_of(request):
                number += 1
                try:
                    lot.append(self._event(line, number))
                except Problem as problem:
                    self._counts["refused"] += 1
                    yield _line({"line": number, "problem": problem.as_json()})
                if len(lot) == OUTSTANDING:
                    yield await self._append(lot)
                    lot = []
            if lot:
                yield await self._append(lot)
            yield _line({"finished": True, "done": self._done, "counts": self._counts})
        except Problem as problem:
            # The answer has begun: its status cannot say it any more.
            yield _line({"finished": False, "done": self._done, "problem": problem.as_json()})

    def _event(self, line: bytes, number: int) -> Event[Any]:
        try:
            said = parse(line)
        except InvalidEvent as error:
            raise invalid_event(error) from error
        id = uuid5(self._id, str(number))
        data = {"source": self._source} | said
        return made(KnowledgeImported, data, self._caller, id, self._known.clock, shop_id=self._shop)

    async def _append(self, lot: Sequence[Event[Any]]) -> bytes:
        _, decided = await self._known.accepting.append(LEARNING, lot, PATIENCE_SECONDS)
        if not decided:
            raise _late(len(lot))
        self._counts.update(became(each.record) for each in decided)
        self._done += len(lot)
        return _line({"done": self._done, "counts": self._counts})


def _late(count: int) -> Problem:
    detail = f"{count} entries are appended, and not all of them visible within {PATIENCE_SECONDS} s"
    return Problem(HTTPStatus.GATEWAY_TIMEOUT, detail)


def _line(told: dict[str, Any]) -> bytes:
    return orjson.dumps(told) + b"\n"
