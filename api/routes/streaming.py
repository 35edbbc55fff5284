"""Outcomes as they come: server-sent events of one's shops, that go on where a reader was.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from functools import partial
from itertools import zip_longest
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from api.callers import Looker, is_still, require_shop
from api.freshness import positions
from api.parameters import reads
from api.problems import Problem, invalid_field
from api.rendering import plain
from api.responses import READ
from api.services import services
from projections.failures import DATABASE_FAILURES
from projections.learning.history import LearningHistory, Offsets
from schemas.topics import LEARNING

LOOK_SECONDS = 0.25
"""Between two looks for what is new."""

CALLER_SECONDS = 2.0
"""Between two looks whether the caller may still hear: a key may be revoked, a token runs out."""

SILENCE_SECONDS = 15.0
"""After so long without an outcome a comment is sent, so that nothing on the way takes the line for dead."""

LOT = 500
MEDIA_TYPE = "text/event-stream"


def streaming() -> APIRouter:
    """The route of the stream."""
    router = APIRouter(tags=["look"], responses=READ)
    told = {"description": "Outcomes.", "content": {MEDIA_TYPE: {"schema": {"type": "string"}}}}
    router.add_api_route(
        "/stream",
        stream,
        response_class=StreamingResponse,
        responses=READ | {200: told},
        **reads("look"),
    )
    return router


async def stream(
    request: Request,
    caller: Looker,
    shop_id: Annotated[list[int] | None, Query(max_length=100)] = None,
    last_event_id: Annotated[str | None, Header(max_length=10_000)] = None,
) -> StreamingResponse:
    """Follow what is decided about one's shops, from now on or, with Last-Event-ID, from there.

    Each event is an outcome as the audit has it: `event` is its kind, `id` where to go on after it.
    """
    for each in shop_id or ():
        require_shop(caller, each)
    ask = services(request).history.for_shops(caller.shops)
    begin = _begin(last_event_id) if last_event_id else await ask.shown()
    body = _told(ask, begin, shop_id, partial(is_still, caller, request))
    return StreamingResponse(body, media_type=MEDIA_TYPE, headers={"x-accel-buffering": "no"})


def _begin(last_event_id: str) -> Offsets:
    try:
        found = positions(last_event_id)
    except Problem:
        raise invalid_field("Last-Event-ID", "is none of this stream") from None
    if found.keys() != {LEARNING.name}:
        raise invalid_field("Last-Event-ID", "is none of this stream")
    return {partition: offset + 1 for partition, offset in found[LEARNING.name].items()}


async def _told(
    ask: LearningHistory, begin: Offsets, shops: list[int] | None, may_hear: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    offsets, clock = dict(begin), asyncio.get_running_loop()
    spoken = looked = clock.time()
    # Who reads knows at once that the line stands, and from where it goes on should it break before the first.
    yield b"retry: 2000\nid: %b\n\n" % _id(offsets)
    while True:
        if clock.time() - looked > CALLER_SECONDS:
            if not await may_hear():
                return
            looked = clock.time()
        try:
            found = await ask.outcomes_after(offsets, shops, LOT)
        except (*DATABASE_FAILURES, OSError):
            # The reader comes again, and goes on from where it was.
            return
        for row, following in zip_longest(found.rows, found.rows[1:]):
            if following is None or _place(following) != _place(row):
                # Not before a record's last outcome: who goes on from here has had all of it.
                offsets[row["log_partition"]] = row["log_offset"] + 1
            yield _event(row, offsets)
            spoken = clock.time()
        offsets |= found.offsets
        if found.rows:
            continue
        if clock.time() - spoken > SILENCE_SECONDS:
            yield b"id: %b\n: \n\n" % _id(offsets)
            spoken = clock.time()
        await asyncio.sleep(LOOK_SECONDS)


def _place(row: Mapping[str, Any]) -> tuple[int, int]:
    return row["log_partition"], row["log_offset"]


def _event(row: Mapping[str, Any], offsets: Offsets) -> bytes:
    data = orjson.dumps(dict(row), default=plain)
    return b"event: %b\nid: %b\ndata: %b\n\n" % (row["action"].encode(), _id(offsets), data)


def _id(offsets: Offsets) -> bytes:
    said = ",".join(f"{LEARNING.name}:{number}={offset}" for number, offset in sorted(offsets.items()))
    return said.encode()
