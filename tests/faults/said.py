"""Events that nobody would think of, drawn from the published JSON Schemas, and damage done to them."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import strategies as st

from schemas.event import PartitionData
from schemas.topics import LEARNING
from tests.streams.enrichment.inputs import NOW_MS, at

Schema = dict[str, Any]

LONG = 200
"""Characters of a drawn text: longer ones come from `largest`."""

NASTY = (
    *('", "event":', ',"event":{', "\\u0000", "\\", "{{", "%s", "'; DROP TABLE x;--", "\x1b[2J"),
    "\u202e",
    "🙂",
)
WORDS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=LONG),
    st.sampled_from(NASTY),
    st.sampled_from(
        ["", " ", "How long do refunds take?", "Five days.", "Ten days, not five.", "$5 at 9 am"]
    ),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | WORDS
    | st.integers(-(2**63), 2**64 - 1),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
IDS = st.integers(0, 5).map(lambda n: f"00000000-0000-4000-8000-{n:012}") | st.uuids().map(str)
"""Few, so that events meet."""
SHOPS = st.sampled_from([7, 7, 7, 8, 1, 2**31 - 1])


def valid(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """Data that the schema of this type allows."""
    schema = LEARNING.types[kind].model_json_schema()
    return drawn(schema, schema.get("$defs", {}))


def drawn(schema: Schema, named: Schema) -> st.SearchStrategy[Any]:
    """What this schema allows; a little more, where it says less than its model."""
    if "$ref" in schema:
        return drawn(named[schema["$ref"].rpartition("/")[2]], named)
    if "anyOf" in schema:
        return st.one_of([drawn(each, named) for each in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    return KINDS[schema.get("type", "any")](schema, named)


def _text(schema: Schema, _: Schema) -> st.SearchStrategy[Any]:
    if schema.get("format") == "uuid":
        return IDS
    if schema.get("format") == "date-time":
        return st.integers(-(10**11), 10**5).map(lambda ms: at(NOW_MS + ms))
    least, most = schema.get("minLength", 0), schema.get("maxLength", LONG)
    return WORDS.filter(lambda words: least <= len(words) <= most)


def _object(schema: Schema, named: Schema) -> st.SearchStrategy[Any]:
    if not (fields := schema.get("properties", {})):
        return st.dictionaries(WORDS, JSON, max_size=4)
    needed = set(schema.get("required", ()))
    parts = {name: drawn(each, named) for name, each in fields.items()}
    return st.fixed_dictionaries(
        {name: part for name, part in parts.items() if name in needed},
        optional={name: part for name, part in parts.items() if name not in needed},
    )


KINDS: dict[str, Any] = {
    "string": _text,
    "object": _object,
    "integer": lambda s, _: st.integers(s.get("minimum", -(2**31)), s.get("maximum", 2**31)),
    "number": lambda s, _: st.floats(s.get("minimum", -1e9), s.get("maximum", 1e9), allow_nan=False),
    "boolean": lambda *_: st.booleans(),
    "null": lambda *_: st.none(),
    "array": lambda s, named: st.lists(drawn(s.get("items", {}), named), max_size=4),
    "any": lambda *_: JSON,
}


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """A valid CloudEvent of any type."""
    kind = draw(st.sampled_from(sorted(LEARNING.types)))
    said: dict[str, Any] = {
        "specversion": "1.0",
        "id": draw(IDS),
        "source": draw(WORDS.filter(bool)),
        "type": kind,
        "time": at(NOW_MS + draw(st.integers(-(10**11), 10**5))),
        "data": draw(valid(kind)),
    }
    if not issubclass(LEARNING.types[kind], PartitionData):
        said["shopid"] = draw(SHOPS)
    return said


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """An event with something put in a wrong place, or bytes of it changed."""
    said = draw(events())
    place = draw(st.sampled_from([said, said["data"]]))
    if place and draw(st.booleans()):
        place[draw(st.sampled_from(sorted(place)))] = draw(JSON)
    raw = bytearray(orjson.dumps(said))
    for _ in range(draw(st.integers(0, 3))):
        raw[draw(st.integers(0, len(raw) - 1))] = draw(st.integers(0, 255))
    return bytes(raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) else raw)


KEYS = st.sampled_from([None, b"7", b"8", b"", b"007", b"7\0", b"\xff"]) | st.binary(max_size=60)
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["ce_specversion", "CE_SpecVersion", "content-type", "é"]), st.binary(max_size=9)
    ),
    max_size=3,
).map(tuple)
TOPICS = st.sampled_from([topic.name for topic in LEARNING.inputs])


def largest(kind: str) -> dict[str, Any]:
    """Data with everything in it, each as large as the schema of this type allows."""
    schema = LEARNING.types[kind].model_json_schema()
    found: dict[str, Any] = _largest(schema, schema.get("$defs", {}))
    return found


def _largest(schema: Schema, named: Schema) -> Any:
    if "$ref" in schema:
        return _largest(named[schema["$ref"].rpartition("/")[2]], named)
    if "anyOf" in schema:
        return _largest(next(each for each in schema["anyOf"] if each.get("type") != "null"), named)
    if "enum" in schema or "const" in schema:
        return max(schema.get("enum") or [schema["const"]], key=str)
    if schema.get("format") in EXACT:
        return EXACT[schema["format"]]
    if fields := schema.get("properties"):
        return {name: _largest(each, named) for name, each in fields.items()}
    if schema.get("type") == "array":
        return [_largest(schema["items"], named)] * min(2, schema.get("maxItems", 2))
    if schema.get("type") == "string":
        return ("好🙂é漢" * 8000)[: schema.get("maxLength", 200)]
    return {
        "integer": schema.get("maximum", 2**31 - 1),
        "number": schema.get("maximum", 1e9),
        "boolean": True,
    }.get(schema["type"], EXTREMES)


EXACT = {"uuid": "ffffffff-ffff-4fff-bfff-ffffffffffff", "date-time": at(NOW_MS)}
EXTREMES = {
    "": 2**64 - 1,
    "é": [-(2**63), 1.7e308, 5e-324, True, None, {"\u202e": "'"}],
    "x" * 999: "y" * 9999,
}
