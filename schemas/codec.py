"""From bytes to events and back. Whatever cannot be read becomes one clear `InvalidEvent`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from schemas.event import Envelope, Event, EventData, PartitionData, Sent, ShopData, attributes
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
    kind = _kind_of(said, types)
    try:
        sent = _sent_as(kind).model_validate(said)
    except ValidationError as error:
        # What is wrong with the attributes is told first, then with the two together, then with the data.
        _validated(Envelope, said)
        _check(said, kind, strict=strict)
        raise _invalid(error) from None
    _check(said, kind, strict=strict)
    newest = upcast(sent.data)
    sent_as = None if newest is sent.data else sent.type
    return Event(sent.id, sent.source, sent.time, sent.shopid or 0, sent.subject, newest, sent_as)


def _kind_of(said: Mapping[str, Any], types: Mapping[str, type[EventData]]) -> type[EventData]:
    name = said.get("type") if isinstance(said, dict) else None
    kind = types.get(name) if isinstance(name, str) else None
    if kind is None:
        raise InvalidEvent(_unknown(_validated(Envelope, said).type, types), field="type")
    return kind


@cache
def _sent_as(kind: type[EventData]) -> type[Sent[EventData]]:
    return Sent[kind]  # type: ignore[valid-type]  # a type that is known only now


def _check(said: Mapping[str, Any], kind: type[EventData], *, strict: bool) -> None:
    """What attributes and data must be to each other."""
    _rule(kind)(said)
    if strict and (unknown := said["data"].keys() - kind.model_fields.keys()):
        raise InvalidEvent("is not a field of this type", field=f"data.{min(unknown)}")


@cache
def _rule(kind: type[EventData]) -> Callable[[Mapping[str, Any]], None]:
    return next(rule for base, rule in _RULES.items() if issubclass(kind, base))


def _check_partition(said: Mapping[str, Any]) -> None:
    if said.get("shopid") is not None:
        raise InvalidEvent("must be absent: this type concerns a whole partition", field="shopid")


def _check_task(said: Mapping[str, Any]) -> None:
    if said.get("shopid") is not None:
        raise InvalidEvent("must be absent: a task belongs to no shop", field="shopid")
    if said.get("subject") != said["data"].get("task_id"):
        raise InvalidEvent("must be the task's id, as data.task_id says it", field="subject")


def _check_shop(said: Mapping[str, Any]) -> None:
    if said.get("shopid") is None:
        raise InvalidEvent("is required", field="shopid")


_RULES: Mapping[type[EventData], Callable[[Mapping[str, Any]], None]] = {
    PartitionData: _check_partition,
    TaskData: _check_task,
    ShopData: _check_shop,
}


def _unknown(name: str, types: Mapping[str, type[EventData]]) -> str:
    stem = name.rpartition(".")[0]
    known = sorted(t for t in types if t.rpartition(".")[0] == stem)
    return f"unknown version {name!r}; known: {', '.join(known)}" if known else f"unknown type {name!r}"


def _validated(model: type[M], said: Mapping[str, Any]) -> M:
    try:
        return model.model_validate(said)
    except ValidationError as error:
        raise _invalid(error) from None


def _invalid(error: ValidationError) -> InvalidEvent:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    return InvalidEvent(first["msg"].removeprefix("Value error, "), field=path or None)


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
