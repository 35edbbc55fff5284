"""The JSON Schemas of what relearn writes itself: enriched messages, records, live knowledge, dead letters."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


def _object(required: tuple[str, ...], **fields: Schema) -> Schema:
    return {"type": "object", "properties": fields, "required": list(required)}


WHOLE = {"type": "integer", "minimum": 0}
BYTES = {"type": "string", "contentEncoding": "base64"}

COORDINATES = _object(
    ("topic", "partition", "offset", "appended_at"),
    topic={"type": "string"},
    partition=WHOLE,
    offset=WHOLE,
    appended_at={"type": "integer", "description": "when the broker appended it, milliseconds since 1970"},
)

ENRICHMENT = _object(
    (),
    model={"type": "string", "description": "the embedding model"},
    vectors={
        "type": "object",
        "description": "by the part of the event that they are of; little-endian float32",
        "additionalProperties": BYTES,
    },
    truncated={"type": "array", "items": {"type": "string"}, "description": "parts read only in part"},
    mood=_object(
        ("label", "score", "analyser"),
        label={"type": "string"},
        score={"type": "number"},
        analyser={"type": "string"},
    ),
)

EVENT = {"type": "object", "description": "the input, byte for byte as it was sent"}


def _enriched(kind: str, *required: str, **fields: Schema) -> Schema:
    said = {"kind": {"const": kind, "type": "string"}, "input": COORDINATES}
    return _object(("kind", "input", *required), **said, **fields)


ENRICHED: Schema = {
    "title": "Enriched",
    "description": "What an enricher says about each input offset.",
    "oneOf": [
        _enriched("enriched", "event", event=EVENT, enrichment=ENRICHMENT),
        _enriched("invalid", "reason", "raw", reason={"type": "string"}, raw=BYTES),
        _enriched("moved", "home", home=WHOLE),
        _enriched("absent", "last", last=WHOLE),
    ],
}


LIVE_KNOWLEDGE: Schema = {
    "title": "LiveKnowledge",
    "description": "A piece of knowledge that is live now; null (a tombstone): it no longer is.",
    "oneOf": [
        _object(
            ("id", "shop_id", "question", "content", "category", "since"),
            id={"type": "string", "format": "uuid"},
            shop_id={"type": "integer", "minimum": 1},
            question={"type": ["string", "null"]},
            content={"type": ["string", "null"]},
            category={"type": ["string", "null"]},
            since={"type": "string", "format": "date-time"},
        ),
        {"type": "null"},
    ],
}

DEAD_LETTER: Schema = {
    "title": "DeadLetter",
    "description": "An input that can never be decided, with the reason.",
    **_object(
        ("input", "reason", "decided_at", "raw"),
        input=COORDINATES,
        reason={"type": "string"},
        decided_at={"type": "string", "format": "date-time"},
        raw=BYTES,
    ),
}


def record_schema(about: str, outcomes: Schema) -> Schema:
    """The schema of a log's records with these outcomes (a schema of a list, with its `$defs`)."""
    listed = {key: value for key, value in outcomes.items() if key != "$defs"}
    return {
        "title": "Record",
        "description": about,
        **_object(
            ("seq", "at", "policy", "outcomes"),
            seq=WHOLE | {"description": "counts a partition's records from 0"},
            at={"type": "integer", "description": "the decision time, milliseconds since 1970"},
            policy={"type": "string", "description": "the policy's hash"},
            outcomes=listed,
            input=COORDINATES,
            last=WHOLE | {"description": "the last input offset covered, of several"},
            enriched_offset=WHOLE,
            enrichment=ENRICHMENT,
            event=EVENT,
            raw=BYTES | {"description": "the bytes of an input that could not be read"},
        ),
        "$defs": outcomes["$defs"],
    }
