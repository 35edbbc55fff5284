"""What routes may answer, as the OpenAPI document says it."""

from __future__ import annotations

from typing import Any

PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "reason"],
                "properties": {"field": {"type": "string"}, "reason": {"type": "string"}},
            },
        },
    },
}
"""RFC 9457."""

POSITION: dict[str, Any] = {
    "type": "object",
    "required": ["topic", "partition", "offset"],
    "properties": {
        "topic": {"type": "string"},
        "partition": {"type": "integer"},
        "offset": {"type": "integer"},
    },
}

ACCEPTED: dict[str, Any] = {
    "type": "object",
    "required": ["event_id", "position"],
    "properties": {"event_id": {"type": "string", "format": "uuid"}, "position": POSITION},
}

DECIDED: dict[str, Any] = {
    "type": "object",
    "required": ["event_id", "position", "record", "refused", "outcomes"],
    "properties": {
        **ACCEPTED["properties"],
        "record": {
            "type": "object",
            "properties": {"partition": {"type": "integer"}, "offset": {"type": "integer"}},
        },
        "refused": {"type": ["string", "null"]},
        "outcomes": {"type": "array", "items": {"type": "object", "required": ["kind"]}},
    },
}


Responses = dict[int | str, dict[str, Any]]


def _problem(words: str) -> dict[str, Any]:
    return {"description": words, "content": {"application/problem+json": {"schema": PROBLEM}}}


def json_of(words: str, schema: dict[str, Any]) -> dict[str, Any]:
    """An answer of JSON."""
    return {"description": words, "content": {"application/json": {"schema": schema}}}


READ: Responses = {
    401: _problem("Nobody is known by what was shown."),
    403: _problem("The caller may not do that, or not there."),
    422: _problem("A parameter or field is wrong; `errors` names it."),
    429: _problem("Too many requests; Retry-After says when to come again."),
    503: _problem("Broker or database is away; the same request may be sent again."),
    504: _problem("No answer in time."),
}
"""What every route may answer."""

FOUND: Responses = READ | {404: _problem("There is no such thing, or none to be seen.")}

SENT: Responses = READ | {
    400: _problem("The body cannot be read."),
    413: _problem("The body is too large."),
    415: _problem("The body is of another type."),
}
"""What every route that takes a body may answer."""


def written(accepted: dict[str, Any] = ACCEPTED, decided: dict[str, Any] = DECIDED) -> Responses:
    """What a route that appends may answer; without arguments, one that appends one event."""
    return SENT | {
        202: json_of("Durable at the brokers.", accepted),
        200: json_of("Decided, and to be seen in the tables: with Prefer: wait=N.", decided),
    }


def each_of(schema: dict[str, Any]) -> dict[str, Any]:
    """An answer that tells of several events, in their order."""
    events = {"type": "array", "items": schema}
    return {"type": "object", "required": ["events"], "properties": {"events": events}}


def either(*schemas: dict[str, Any]) -> dict[str, Any]:
    """One of these."""
    return {"anyOf": list(schemas)}


WRITTEN = written()
