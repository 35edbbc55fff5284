"""What an enricher says about each input offset: enriched, invalid, moved elsewhere, or absent."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import orjson

from schemas import vector
from schemas.value import value
from schemas.vector import Vector


@value
class Coordinates:
    """Where an input stands, and when the broker appended it (milliseconds since 1970)."""

    topic: str
    partition: int
    offset: int
    appended_at: int


@value
class Embedded:
    """A text's vector. `truncated`: the model read only its beginning."""

    vector: Vector
    truncated: bool = False


@value
class Mood:
    """The sentiment that an analyser found where the event says none."""

    label: str
    score: float
    analyser: str


@value
class Enrichment:
    """What needed a model: vectors by the part of the event they are of, and the mood.

    Parts are `question`, `answer`, `complaint`, `response`, `document`, and `turn/3` for messages[3].
    """

    model: str = ""
    vectors: Mapping[str, Embedded] = field(default_factory=dict)
    mood: Mood | None = None


NOTHING = Enrichment()


@value
class Enriched:
    """A valid input. `raw` is the event as it was sent."""

    input: Coordinates
    raw: bytes
    enrichment: Enrichment = NOTHING


@value
class Invalid:
    """An input that can never be decided."""

    input: Coordinates
    reason: str
    raw: bytes


@value
class Moved:
    """An input that a foreign client put into another partition; it stands again at home."""

    input: Coordinates
    home: int


@value
class Absent:
    """Offsets up to `last` that the broker does not have (any more); the append time is the following input's."""

    input: Coordinates
    last: int


Input = Enriched | Invalid | Moved | Absent


def enrichment_to_json(enrichment: Enrichment) -> dict[str, Any]:
    """An object for `orjson.dumps`; empty if nothing was computed."""
    said: dict[str, Any] = {}
    if enrichment.vectors:
        said["model"] = enrichment.model
        said["vectors"] = {part: vector.to_text(e.vector) for part, e in enrichment.vectors.items()}
        if truncated := [part for part, e in enrichment.vectors.items() if e.truncated]:
            said["truncated"] = truncated
    if mood := enrichment.mood:
        said["mood"] = {"label": mood.label, "score": mood.score, "analyser": mood.analyser}
    return said


def enrichment_from_json(said: Mapping[str, Any]) -> Enrichment:
    """The reverse of `enrichment_to_json`."""
    if not said:
        return NOTHING
    truncated = set(said.get("truncated", ()))
    vectors = {
        part: Embedded(vector.from_text(text), part in truncated)
        for part, text in said.get("vectors", {}).items()
    }
    mood = Mood(**said["mood"]) if "mood" in said else None
    return Enrichment(said.get("model", ""), vectors, mood)


def coordinates_from_json(said: Mapping[str, Any]) -> Coordinates:
    """The reverse of `coordinates_to_json`.

    Raises:
        TypeError, ValueError: if these are no coordinates.
    """
    at = Coordinates(**said)
    if not isinstance(at.topic, str):
        raise ValueError(f"{at.topic!r} is no topic")
    for number in (at.partition, at.offset, at.appended_at):
        whole(number)
    return at


def whole(number: object) -> int:
    """This number, if it is a whole one. Raises ValueError if it is not."""
    if not isinstance(number, int):
        raise ValueError(f"{number!r} is no whole number")
    return number


def coordinates_to_json(at: Coordinates) -> dict[str, Any]:
    return {"topic": at.topic, "partition": at.partition, "offset": at.offset, "appended_at": at.appended_at}


def encode(message: Input) -> bytes:
    """One message of an enriched topic."""
    said: dict[str, Any] = {
        "kind": type(message).__name__.lower(),
        "input": coordinates_to_json(message.input),
    }
    match message:
        case Enriched(raw=raw, enrichment=enrichment):
            if computed := enrichment_to_json(enrichment):
                said["enrichment"] = computed
            return with_event(said, raw)
        case Invalid(reason=reason, raw=raw):
            said |= {"reason": reason, "raw": base64.b64encode(raw).decode("ascii")}
        case Moved(home=home):
            said["home"] = home
        case Absent(last=last):
            said["last"] = last
    return orjson.dumps(said)


def decode(raw: bytes) -> tuple[Input, dict[str, Any]]:
    """The message, and the event in it as parsed JSON (empty unless it is `Enriched`).

    Raises:
        ValueError: if these bytes are no message of an enriched topic.
    """
    try:
        said = orjson.loads(raw)
        at = coordinates_from_json(said["input"])
        match said["kind"]:
            case "enriched":
                enrichment = enrichment_from_json(said.get("enrichment", {}))
                return Enriched(at, event_in(raw), enrichment), said["event"]
            case "invalid":
                return Invalid(at, str(said["reason"]), base64.b64decode(said["raw"])), {}
            case "moved":
                return Moved(at, whole(said["home"])), {}
            case "absent":
                return Absent(at, whole(said["last"])), {}
            case other:
                raise ValueError(f"unknown kind {other!r}")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not an enriched message: {error!r}") from error


_EVENT_FOLLOWS = b',"event":'


def with_event(said: Mapping[str, Any], event: bytes) -> bytes:
    """A JSON object that ends with the event, byte for byte as it was sent.

    No other key `event` may stand in `said`: the event is found again by the first one.
    """
    return orjson.dumps(said)[:-1] + _EVENT_FOLLOWS + event + b"}"


def event_in(message: bytes) -> bytes:
    """The event's own bytes in what `with_event` made; empty if it has none."""
    _, found, rest = message.partition(_EVENT_FOLLOWS)
    return rest[:-1] if found else b""
