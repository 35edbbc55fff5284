"""From bytes to events and back. Whatever cannot be read becomes one clear `InvalidEvent`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from schemas.event import Envelope, Event, EventData, PartitionData, attributes
from schemas.failures import InvalidEvent
from schemas.task import TaskData
from schemas.topics import MAX_INPUT_BYTES
from schemas.upcasting import upcast

M = TypeVar("M", bound=BaseModel)

MAX_DEPTH = 64
"""Nested brackets in one event."""


def encode(event: Event[Any]) -> bytes:
    """The event as structured CloudEvents JSON."""
    return orjson.dumps(attributes(event))


def decode(raw: bytes, types: Mapping[str, type[EventData]], *, strict: bool = False) -> Event[EventData]:
    """Reads one event of one of these types.

    With `strict`, unknown fields in `data` are refused (edges); without, they are ignored (consumers).

    Raises:
        InvalidEvent: saying which field, and what is wrong with it.
    """
    return event_from(parse(raw), types, strict=strict)


def parse(raw: bytes) -> dict[str, Any]:
    """The JSON object in these bytes: bounded in size and depth, free of NUL.

    Raises:
        InvalidEvent: if it is not.
    """
    if len(raw) > MAX_INPUT_BYTES:
        raise InvalidEvent(f"is {len(raw)} bytes, more than {MAX_INPUT_BYTES}")
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise InvalidEvent(f"not JSON: {error}") from None
    if not isinstance(said, dict):
        raise InvalidEvent("not a JSON object")
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(said) > MAX_DEPTH:
        raise InvalidEvent(f"nested deeper than {MAX_DEPTH} levels")
    if b"\\u0000" in raw and _has_nul(said):
        raise InvalidEvent("contains the character NUL, which Postgres cannot store")
    return said


def event_from(
    said: Mapping[str, Any], types: Mapping[str, type[EventData]], *, strict: bool = False
) -> Event[EventData]:
    """The typed event that a parsed JSON object is: valid by the version it was sent as, and read as the newest.

    Raises:
        InvalidEvent: saying which field, and what is wrong with it.
    """
    envelope = _validated(Envelope, said)
    kind = types.get(envelope.type)
    if kind is None:
        raise InvalidEvent(_unknown(envelope.type, types), field="type")
    if issubclass(kind, PartitionData):
        if envelope.shopid is not None:
            raise InvalidEvent("must be absent: this type concerns a whole partition", field="shopid")
    elif issubclass(kind, TaskData):
        _check_task(envelope)
    elif envelope.shopid is None and _is_about_a_shop(kind):
        raise InvalidEvent("is required", field="shopid")
    if strict and (unknown := envelope.data.keys() - kind.model_fields.keys()):
        raise InvalidEvent("is not a field of this type", field=f"data.{min(unknown)}")
    data = _validated(kind, envelope.data, "data.")
    newest = upcast(data)
    sent_as = None if newest is data else envelope.type
    shop_id = envelope.shopid or 0
    return Event(envelope.id, envelope.source, envelope.time, shop_id, envelope.subject, newest, sent_as)


def _check_task(envelope: Envelope) -> None:
    if envelope.shopid is not None:
        raise InvalidEvent("must be absent: a task belongs to no shop", field="shopid")
    if envelope.subject != envelope.data.get("task_id"):
        raise InvalidEvent("must be the task's id, as data.task_id says it", field="subject")


def _is_about_a_shop(kind: type[EventData]) -> bool:
    return "actor_id" in kind.model_fields


def _unknown(name: str, types: Mapping[str, type[EventData]]) -> str:
    stem = name.rpartition(".")[0]
    known = sorted(t for t in types if t.rpartition(".")[0] == stem)
    return f"unknown version {name!r}; known: {', '.join(known)}" if known else f"unknown type {name!r}"


def _validated(model: type[M], said: Mapping[str, Any], prefix: str = "") -> M:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        path = prefix + ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise InvalidEvent(message, field=path.rstrip(".") or None) from None


def _depth(value: object) -> int:
    level, deepest = [value], 0
    while level:
        deepest += 1
        if deepest > MAX_DEPTH:
            break
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner += [v for v in each.values() if isinstance(v, dict | list)]
            elif isinstance(each, list):
                inner += [v for v in each if isinstance(v, dict | list)]
        level = inner
    return deepest


def _has_nul(value: object) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in key or _has_nul(inner) for key, inner in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))
