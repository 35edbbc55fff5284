"""Each change of a published schema, and what is said about it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from schemas.compatibility import incompatibilities

PUBLISHED: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 10},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "count": {"type": "integer", "minimum": 1, "maximum": 5},
        "mood": {"enum": ["good", "bad"], "type": "string"},
        "at": {"type": "string", "format": "date-time"},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}, "maxItems": 3},
        "free": {"type": "object", "additionalProperties": True},
        "change": {"oneOf": [{"$ref": "#/$defs/Made"}, {"$ref": "#/$defs/Lost"}]},
    },
    "required": ["name"],
    "$defs": {
        "Part": {"type": "object", "properties": {"id": {"type": "integer"}}, "required": ["id"]},
        "Made": {"type": "object", "properties": {"kind": {"const": "Made"}, "by": {"type": "string"}}},
        "Lost": {"type": "object", "properties": {"kind": {"const": "Lost"}}},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """The published schema with something else at this place (`...`: nothing)."""
    schema = deepcopy(PUBLISHED)
    *steps, last = path.split("/")
    place: Any = schema
    for step in steps:
        place = place[int(step) if isinstance(place, list) else step]
    if value is ...:
        del place[int(last) if isinstance(place, list) else last]
    else:
        place[last] = value
    return schema


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("properties/name", ..., "name: the field was removed or renamed"),
        ("properties/name/maxLength", 9, "name: maxLength is 9 now, was 10"),
        ("properties/name/minLength", 1, "name: minLength is 1 now, was open"),
        ("properties/name/pattern", "^a", "name: the pattern is '^a' now, was None"),
        ("properties/name/type", "integer", "name: the type string is no longer allowed"),
        ("properties/note", {"type": "string", "default": None}, "note: the type null is no longer allowed"),
        ("properties/note/default", "x", "note: a message without it means 'x' now, meant None"),
        ("properties/count/maximum", 4, "count: maximum is 4 now, was 5"),
        ("properties/count/minimum", 2, "count: minimum is 2 now, was 1"),
        ("properties/mood/enum", ["good", "so-so"], "mood: 'bad' is no longer allowed"),
        ("properties/free/enum", [{}], "free: only {} is allowed now"),
        ("properties/at/format", "date", "at: the format is 'date' now, was 'date-time'"),
        ("properties/name/format", "uuid", "name: the format is 'uuid' now, was None"),
        ("properties/parts/maxItems", 2, "parts: maxItems is 2 now, was 3"),
        ("$defs/Part/properties/id/type", "string", "parts[].id: the type integer is no longer allowed"),
        ("$defs/Part/properties/id", ..., "parts[].id: the field was removed or renamed"),
        ("properties/free/additionalProperties", False, "free: no other fields are allowed now"),
        ("properties/free/additionalProperties", {"type": "string"}, "free.*: any type is no longer allowed"),
        ("additionalProperties", False, "no other fields are allowed now"),
        ("required", ["name", "count"], "count: is required now"),
        ("properties/change/oneOf/1", ..., "change: Lost is no longer allowed"),
        ("$defs/Made/required", ["by"], "change.by: is required now"),
    ],
)
def test_what_breaks_readers_of_old_messages_is_said(path: str, value: Any, said: str) -> None:
    assert incompatibilities({"t": PUBLISHED}, {"t": changed(path, value)}) == [f"t: {said}"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("properties/new", {"type": "string"}),
        ("properties/name/maxLength", 11),
        ("properties/name/maxLength", ...),
        ("properties/name/type", ["string", "null"]),
        ("properties/count/type", "number"),
        ("properties/count/minimum", 0),
        ("properties/mood/enum", ["good", "bad", "so-so"]),
        ("properties/mood", {"type": "string"}),
        ("properties/at/format", ...),
        ("properties/at", {}),
        ("properties/parts/items", True),
        ("required", []),
        ("description", "other words"),
        ("$defs/Made/properties/why", {"type": "string"}),
    ],
)
def test_widening_is_compatible(path: str, value: Any) -> None:
    assert incompatibilities({"t": PUBLISHED}, {"t": changed(path, value)}) == []


def test_a_new_type_is_compatible_and_one_that_is_gone_is_not() -> None:
    assert incompatibilities({}, {"t": PUBLISHED}) == []
    assert incompatibilities({"t": PUBLISHED}, {}) == ["t: the type was removed"]
