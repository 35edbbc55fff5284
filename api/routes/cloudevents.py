"""CloudEvents over HTTP: binary, structured and batched, as the CNCF's binding says.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.accepting import Accepting, wait_of
from api.bounds import bytes_of, require_type
from api.callers import caller_of
from api.declared import PREFER
from api.making import checked, domain_of
from api.problems import Problem, invalid_event
from api.responses import ACCEPTED, PROBLEM, each_of, either, json_of, written
from api.services import services
from runtime.appender import every_type
from schemas.access import Caller
from schemas.codec import event_from, parse
from schemas.event import Event
from schemas.failures import InvalidEvent
from schemas.topics import DOMAINS, MAX_INPUT_BYTES

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
BINARY = "application/json"

MOST_EVENTS = 1_000
MOST_BYTES = 16 * MAX_INPUT_BYTES
"""Of one batch."""

INTEGERS = ("shopid",)
"""Attributes that are no strings: a header is one always."""

EVENT: dict[str, Any] = {
    "type": "object",
    "required": ["specversion", "id", "source", "type", "time", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string", "format": "uuid"},
        "source": {"type": "string", "minLength": 1},
        "type": {"enum": sorted(every_type())},
        "time": {"type": "string", "format": "date-time"},
        "subject": {"type": "string"},
        "shopid": {"type": "integer", "minimum": 0, "maximum": 2**31 - 1},
        "data": {"type": "object"},
    },
}
"""The envelope of every event; what its data are follows from its type."""


def cloudevents() -> APIRouter:
    """The route of events."""
    router = APIRouter(tags=["report"])
    router.add_api_route(
        "/events",
        receive,
        methods=["POST"],
        status_code=202,
        responses=written(either(ACCEPTED, each_of(ACCEPTED)))
        | {207: json_of("Not all of a batch were accepted.", each_of(either(ACCEPTED, PROBLEM)))},
        openapi_extra={
            "x-right": "report",
            "parameters": [PREFER],
            "requestBody": {
                "required": True,
                "content": {
                    STRUCTURED: {"schema": EVENT},
                    BATCHED: {"schema": {"type": "array", "items": EVENT, "maxItems": MOST_EVENTS}},
                    BINARY: {"schema": {"type": "object"}},
                },
            },
        },
    )
    return router


async def receive(request: Request, caller: Caller = Depends(caller_of)) -> Response:
    """Take CloudEvents: one in binary or structured mode, or a batch, which is answered event by event."""
    require_type(request, STRUCTURED, BATCHED, BINARY)
    kind = request.headers["content-type"].partition(";")[0].strip().lower()
    if kind == BATCHED:
        return await _batch(request, caller)
    raw = await bytes_of(request)
    try:
        said = parse(raw)
        event = _event(
            said if kind == STRUCTURED else attributes_of(request.headers) | {"data": said}, caller
        )
    except InvalidEvent as error:
        raise invalid_event(error) from error
    known = services(request)
    wait = wait_of(request.headers.getlist("prefer"))
    return await known.accepting.accept(domain_of(type(event.data)), event, wait)


def attributes_of(headers: Mapping[str, str]) -> dict[str, Any]:
    """The attributes of an event in binary mode."""
    found: dict[str, Any] = {
        name.removeprefix("ce-"): unquote(value) for name, value in headers.items() if name.startswith("ce-")
    }
    for name in INTEGERS:
        if str(found.get(name, "")).isdecimal():
            found[name] = int(found[name])
    return found


def _event(said: Mapping[str, Any], caller: Caller) -> Event[Any]:
    return checked(event_from(said, every_type(), strict=True), caller)


async def _batch(request: Request, caller: Caller) -> Response:
    raw = await bytes_of(request, MOST_BYTES)
    try:
        batch = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Problem(HTTPStatus.BAD_REQUEST, f"not JSON: {error}") from error
    if not isinstance(batch, list) or len(batch) > MOST_EVENTS:
        raise Problem(HTTPStatus.BAD_REQUEST, f"a batch is an array of at most {MOST_EVENTS:,} events")
    told: list[dict[str, Any]] = [{} for _ in batch]
    events: dict[int, Event[Any]] = {}
    for place, said in enumerate(batch):
        try:
            events[place] = _event(parse(orjson.dumps(said)), caller)
        except InvalidEvent as error:
            told[place] = invalid_event(error).as_json()
        except Problem as problem:
            told[place] = problem.as_json()
    for place, answer in (await _append(services(request).accepting, events)).items():
        told[place] = answer
    whole = all(each["status"] == HTTPStatus.ACCEPTED for each in told)
    status = HTTPStatus.ACCEPTED if whole else HTTPStatus.MULTI_STATUS
    return Response(orjson.dumps({"events": told}), status, media_type="application/json")


async def _append(accepting: Accepting, events: Mapping[int, Event[Any]]) -> dict[int, dict[str, Any]]:
    """What became of each: all that belong to one domain are appended together."""
    told: dict[int, dict[str, Any]] = {}
    for domain in DOMAINS.values():
        mine = {place: event for place, event in events.items() if domain_of(type(event.data)) is domain}
        try:
            places, _ = await accepting.append(domain, list(mine.values()))
        except Problem as problem:
            told |= dict.fromkeys(mine, problem.as_json())
            continue
        for (place, event), at in zip(mine.items(), places, strict=True):
            position = {"topic": at.topic, "partition": at.partition, "offset": at.offset}
            told[place] = {"status": HTTPStatus.ACCEPTED, "event_id": str(event.id), "position": position}
    return told
