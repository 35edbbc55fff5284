"""The documents say what the code does, and a change that breaks readers of old messages is named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import orjson
import pytest
from jsonschema import Draft202012Validator

from schemas.documents import IncompatibleChange, asyncapi, check, json_schemas, write
from schemas.enriched import Absent, Coordinates, Embedded, Enriched, Enrichment, Invalid, Mood, Moved, encode
from schemas.examples import examples_of
from schemas.learning import OUTCOMES, ItemProposed
from schemas.messages import ENRICHED
from schemas.outcome import DeadLettered
from schemas.record import Record, RecordCodec
from schemas.standing import ItemState, Match, Parts, Source
from schemas.topics import DOMAINS, LEARNING, every_topic

DOCS = Path(__file__).parents[2] / "docs"
SCHEMAS = {name: schema for domain in DOMAINS.values() for name, schema in json_schemas(domain).items()}
DOCUMENT = asyncapi(DOMAINS.values())
AT = Coordinates("learning.events", 1, 7, 1_700_000_000_000)
ENRICHMENT = Enrichment(
    "a-model",
    {"question": Embedded(np.ones(3, dtype=np.float32), truncated=True)},
    Mood("negative", -0.5, "vader"),
)
THUMB = examples_of("relearn.feedback.given.v1")["thumbs_down"]


def errors(schema: dict[str, Any], message: bytes) -> list[str]:
    checker = Draft202012Validator.FORMAT_CHECKER
    found = Draft202012Validator(schema, format_checker=checker).iter_errors(orjson.loads(message))
    return [f"{error.json_path}: {error.message}" for error in found]


def test_the_published_documents_are_up_to_date_and_compatible() -> None:
    assert check(DOCS) == []


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_a_schema(name: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("event_type", LEARNING.types)
def test_the_examples_are_of_their_schema(event_type: str) -> None:
    for raw in examples_of(event_type).values():
        assert errors(SCHEMAS[event_type], raw) == []


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("data.rating", 6, "$.data.rating"),
        ("data.feedback_type", "boo", "$.data.feedback_type"),
        ("type", "relearn.tick.v1", "$.type"),
        ("shopid", 0, "$.shopid"),
        ("id", "seven", "$.id"),
    ],
)
def test_a_bad_event_is_not_of_its_schema(path: str, value: object, where: str) -> None:
    said = orjson.loads(THUMB)
    *steps, last = path.split(".")
    place = said
    for step in steps:
        place = place[step]
    place[last] = value
    found = errors(SCHEMAS["relearn.feedback.given.v1"], orjson.dumps(said))
    assert len(found) == 1
    assert found[0].startswith(where)


def test_the_shop_is_required_of_events_about_a_shop_only() -> None:
    assert "shopid" in SCHEMAS["relearn.feedback.given.v1"]["required"]
    assert "shopid" not in SCHEMAS["relearn.tick.v1"]["properties"]


@pytest.mark.parametrize(
    "message",
    [
        Enriched(AT, THUMB, ENRICHMENT),
        Enriched(AT, THUMB),
        Invalid(AT, "not JSON", b"\xff"),
        Moved(AT, 3),
        Absent(AT, 9),
    ],
    ids=lambda message: type(message).__name__,
)
def test_enriched_messages_are_of_their_schema(message: Any) -> None:
    assert errors(ENRICHED, encode(message)) == []


def test_records_are_of_their_schema() -> None:
    codec = RecordCodec(LEARNING.types, OUTCOMES)
    event = codec.decode(b'{"seq":0,"at":0,"policy":"","outcomes":[],"event":' + THUMB + b"}").event
    match = Match(entity="item", id=UUID(int=2), relation="missing", by="question", similarity=0.9)
    proposed = ItemProposed(
        shop_id=42,
        item_id=UUID(int=1),
        now=ItemState(status="pending", version=1, confidence=50),
        source=Source(source_id=UUID(int=3), source_type="feedback", base_confidence=50),
        parts=Parts(question="question"),
        matches=(match,),
    )
    schema = SCHEMAS["learning.decisions"]
    whole = Record(3, 1_700_000_000_000, "ab", (proposed,), AT, None, 5, event, THUMB, ENRICHMENT)
    assert errors(schema, codec.encode(whole)) == []
    unread = Record(4, 1_700_000_000_000, "ab", (DeadLettered(reason="x"),), AT, 9, 6, raw=b"x")
    assert errors(schema, codec.encode(unread)) == []
    assert errors(schema, codec.encode(unread).replace(b"DeadLettered", b"Forgotten"))


# The AsyncAPI document. Its shape was held against the specification's own schema; these hold what that
# schema cannot see.


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from [inner] if key == "$ref" else references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def target(reference: str) -> Any:
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        assert reference.startswith("#/")
        assert target(reference) is not None


def test_the_document_has_the_shape_of_asyncapi_3() -> None:
    assert DOCUMENT.keys() == {
        "asyncapi",
        "info",
        "defaultContentType",
        "channels",
        "operations",
        "components",
    }
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for part in DOCUMENT["components"].values():
        assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in part)
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert operation["channel"]["$ref"].startswith("#/channels/")


def test_every_topic_is_a_channel_with_its_own_settings() -> None:
    assert DOCUMENT["channels"].keys() == {topic.name for topic in every_topic()}
    for topic in every_topic():
        channel = DOCUMENT["channels"][topic.name]
        config = channel["bindings"]["kafka"]["topicConfiguration"]
        assert channel["address"] == topic.name
        assert config["retention.ms"] == topic.retention_ms
        assert config["cleanup.policy"] == [topic.cleanup]
        assert f"Keyed by {topic.key}." in channel["description"]
        if topic.types:
            assert channel["messages"].keys() == {kind.TYPE for kind in topic.types}


def test_who_sends_and_who_receives_follows_the_registry() -> None:
    assert DOCUMENT["operations"].keys() == {
        "send.learning.events",
        "receive.learning.events",
        "send.learning.reviews",
        "receive.learning.reviews",
        "send.learning.enriched",
        "receive.learning.enriched",
        "send.learning.decisions",
        "receive.learning.decisions",
        "send.knowledge.live",
        "send.tasks.events",
        "receive.tasks.events",
        "send.tasks.control",
        "receive.tasks.control",
        "send.tasks.enriched",
        "receive.tasks.enriched",
        "send.executions.records",
        "receive.executions.records",
        "send.dead-letters",
        "receive.keys",
    }


def test_keys_are_declared() -> None:
    messages = DOCUMENT["components"]["messages"]
    assert messages["relearn.feedback.given.v1"]["bindings"]["kafka"]["key"]["type"] == "string"
    assert messages["relearn.tick.v1"]["bindings"]["kafka"]["key"] == {"type": "null"}


# Writing and checking.


def test_what_is_written_is_up_to_date(tmp_path: Path) -> None:
    written = write(tmp_path)
    assert {path.name for path in written} == {f"{name}.json" for name in SCHEMAS} | {"asyncapi.json"}
    assert check(tmp_path) == []
    assert write(tmp_path) == []


def test_missing_and_stale_files_are_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "asyncapi.json").unlink()
    tick = tmp_path / "schemas" / "relearn.tick.v1.json"
    tick.write_bytes(tick.read_bytes().replace(b"Time has passed", b"Time had passed"))
    assert check(tmp_path) == ["asyncapi.json is missing", "schemas/relearn.tick.v1.json is out of date"]


def test_an_incompatible_change_is_named_and_not_written(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "schemas" / "relearn.tick.v1.json"
    said = orjson.loads(path.read_bytes())
    said["properties"]["data"]["properties"]["zone"] = {"type": "string"}
    path.write_bytes(orjson.dumps(said))
    reason = "relearn.tick.v1: data.zone: the field was removed or renamed"
    assert check(tmp_path) == [reason, "schemas/relearn.tick.v1.json is out of date"]
    with pytest.raises(IncompatibleChange) as refused:
        write(tmp_path)
    assert refused.value.reasons == (reason,)
    assert b"zone" in path.read_bytes()
