"""The contract as documents: a JSON Schema for every type, and one AsyncAPI document of all topics."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from schemas import execution, generated, learning
from schemas.access import Key
from schemas.compatibility import incompatibilities
from schemas.event import Envelope, EventData, PartitionData
from schemas.examples import examples_of
from schemas.generation import Registered
from schemas.messages import DEAD_LETTER, ENRICHED, LIVE_KNOWLEDGE, record_schema
from schemas.outcome import Outcome
from schemas.record import RecordCodec
from schemas.task import TaskData
from schemas.topics import DEAD_LETTERS, DOMAINS, GENERATIONS, KEYS, DomainTopics, Role, Topic
from schemas.upcasting import UPCASTERS
from schemas.versions import missing

Schema = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
VERSION = "1.0.0"
"""Of the contract as a whole; each type carries its own version in its name."""

OUTCOMES_OF: Mapping[str, Sequence[type[Outcome]]] = {
    "learning": learning.OUTCOMES,
    "executions": execution.OUTCOMES,
}
FEEDS: Mapping[str, Schema] = {"knowledge.live": LIVE_KNOWLEDGE}
OURS: frozenset[Role] = frozenset({"scheduler", "enricher", "decider", "projector", "api"})
"""Roles that relearn plays itself; the others are services, reviewers and subscribers."""


class IncompatibleChange(ValueError):
    """The models no longer read what was published; `reasons` says why, one sentence each."""

    def __init__(self, reasons: Sequence[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = tuple(reasons)


def json_schemas(domain: DomainTopics) -> dict[str, Schema]:
    """The JSON Schemas of the domain: each event type (envelope and data), its log's records, its feeds."""
    records = RecordCodec(domain.types, OUTCOMES_OF[domain.name]).json_schema()
    return {
        **{name: _event_schema(name, kind) for name, kind in domain.types.items()},
        domain.log.name: {"$schema": DIALECT} | record_schema(domain.log.about, records),
        **{feed.name: {"$schema": DIALECT} | FEEDS[feed.name] for feed in domain.feeds},
    }


def _event_schema(name: str, kind: type[EventData]) -> Schema:
    envelope = Envelope.model_json_schema()
    data = kind.model_json_schema()
    definitions = data.pop("$defs", {})
    fields = envelope["properties"] | {"type": {"const": name, "type": "string"}, "data": data}
    required = list(envelope["required"])
    if issubclass(kind, PartitionData | TaskData):
        del fields["shopid"]
        required += ["subject"] if issubclass(kind, TaskData) else []
    else:
        required.append("shopid")
        fields["shopid"] = next(c for c in fields["shopid"]["anyOf"] if c["type"] == "integer")
    schema = {"$schema": DIALECT, "title": kind.__name__, "description": data.get("description", name)}
    schema |= {"type": "object", "properties": fields, "required": required}
    if kind in UPCASTERS:
        schema |= {"description": f"{schema['description']} {_superseded(kind)}", "deprecated": True}
    return schema | ({"$defs": definitions} if definitions else {})


def _superseded(kind: type[EventData]) -> str:
    return f"Superseded by {UPCASTERS[kind].into.TYPE}, as which it is read."


def asyncapi(domains: Iterable[DomainTopics]) -> dict[str, Any]:
    """The AsyncAPI 3.0 document of these domains and of what they share."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for topic, payloads in _payloads(domains):
        messages |= {name: _message(topic, name) for name in payloads}
        for name, schema in payloads.items():
            schemas |= _component(name, schema)
        channels[topic.name] = _channel(topic, payloads)
        operations |= {f"{action}.{topic.name}": _operation(topic, action) for action in _actions(topic)}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "relearn",
            "version": VERSION,
            "description": "Events go in, decision logs and feeds come out. relearn receives what services and"
            " reviewers append, and sends what it decided.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": schemas},
    }


def _payloads(domains: Iterable[DomainTopics]) -> Iterator[tuple[Topic, dict[str, Schema]]]:
    for domain in domains:
        known = json_schemas(domain)
        for topic in domain.inputs:
            yield topic, {kind.TYPE: known[kind.TYPE] for kind in topic.types}
        yield domain.enriched, {domain.enriched.name: ENRICHED}
        yield domain.log, {domain.log.name: known[domain.log.name]}
        for feed in domain.feeds:
            yield feed, {feed.name: known[feed.name]}
    yield DEAD_LETTERS, {DEAD_LETTERS.name: DEAD_LETTER}
    yield GENERATIONS, {GENERATIONS.name: Registered.model_json_schema()}
    yield KEYS, {KEYS.name: Key.model_json_schema()}


def _component(name: str, schema: Schema) -> dict[str, Schema]:
    """The schema and its definitions side by side, where a reference within the document finds them."""
    definitions = schema.get("$defs", {})
    whole = {key: value for key, value in schema.items() if key not in ("$defs", "$schema")}
    parts = {name: whole} | {f"{name}.{inner}": value for inner, value in definitions.items()}
    return {key: _referring(value, f"#/components/schemas/{name}.") for key, value in parts.items()}


def _referring(value: Any, prefix: str) -> Any:
    """References point into the components; discriminators go, since AsyncAPI knows them in another form."""
    if isinstance(value, dict):
        return {
            key: said.replace("#/$defs/", prefix) if key == "$ref" else _referring(said, prefix)
            for key, said in value.items()
            if key != "discriminator"
        }
    return [_referring(each, prefix) for each in value] if isinstance(value, list) else value


def _message(topic: Topic, name: str) -> dict[str, Any]:
    said: dict[str, Any] = {"name": name, "payload": {"$ref": f"#/components/schemas/{name}"}}
    kind = next((k for k in topic.types if name == k.TYPE), None)
    if kind is None:
        return said | {"title": name, "bindings": _key_binding(topic.key)}
    examples = [{"name": n, "payload": orjson.loads(raw)} for n, raw in examples_of(name).items()]
    key = None if issubclass(kind, PartitionData) else topic.key
    said |= {"title": kind.__name__, "contentType": "application/cloudevents+json", "examples": examples}
    said |= {"summary": _superseded(kind)} if kind in UPCASTERS else {}
    return said | {"bindings": _key_binding(key)}


def _key_binding(key: str | None) -> dict[str, Any]:
    if key is None:
        return {"kafka": {"key": {"type": "null"}, "bindingVersion": "0.5.0"}}
    described = "topic/partition/offset of the input" if key == "input" else f"the {key}'s id"
    said = {"type": "string", "description": described}
    if key == "shop":
        said |= {"pattern": "^[1-9][0-9]*$"}
    return {"kafka": {"key": said, "bindingVersion": "0.5.0"}}


def _channel(topic: Topic, names: Iterable[str]) -> dict[str, Any]:
    config = {
        "cleanup.policy": [topic.cleanup],
        "retention.ms": topic.retention_ms,
        "max.message.bytes": topic.max_bytes,
    }
    return {
        "address": topic.name,
        "title": topic.name,
        "description": f"{topic.about}. Keyed by {topic.key}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {"kafka": {"topic": topic.name, "topicConfiguration": config, "bindingVersion": "0.5.0"}},
        "x-writers": list(topic.writers),
        "x-readers": list(topic.readers),
    }


def _actions(topic: Topic) -> Iterator[str]:
    if OURS & set(topic.writers):
        yield "send"
    if OURS & set(topic.readers):
        yield "receive"


def _operation(topic: Topic, action: str) -> dict[str, Any]:
    who = topic.writers if action == "send" else topic.readers
    ours = [role for role in who if role in OURS]
    does = action if len(ours) > 1 else f"{action}s"
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic.name}"},
        "summary": f"{' and '.join(ours)} {does}: {topic.about}",
    }


def _files(folder: Path) -> dict[Path, bytes]:
    """Every generated file with its content."""
    said = {folder / "asyncapi.json": asyncapi(DOMAINS.values())}
    said |= {folder / "schemas" / f"{name}.json": schema for name, schema in _current().items()}
    style = orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS | orjson.OPT_APPEND_NEWLINE
    return {path: orjson.dumps(content, option=style) for path, content in said.items()}


def _current() -> dict[str, Schema]:
    return {name: schema for domain in DOMAINS.values() for name, schema in json_schemas(domain).items()}


def _published(folder: Path) -> dict[str, Schema]:
    found = sorted((folder / "schemas").glob("*.json"))
    return {path.name.removesuffix(".json"): orjson.loads(path.read_bytes()) for path in found}


def _missing() -> list[str]:
    return missing({name: kind for domain in DOMAINS.values() for name, kind in domain.types.items()})


def write(folder: Path) -> list[Path]:
    """Writes `schemas/*.json` and `asyncapi.json` into the folder; returns what changed.

    Raises:
        IncompatibleChange: if what was published there could no longer be read, or a version of a type has no
            examples or does not lead to the next; nothing is written then.
    """
    if reasons := _missing() or incompatibilities(_published(folder), _current()):
        raise IncompatibleChange(reasons)
    return generated.write(_files(folder))


def check(folder: Path, before: Mapping[str, Schema] | None = None) -> list[str]:
    """What is wrong with the documents in the folder, in plain words; empty if nothing is.

    What is published is what stands in the folder, and `before`: schemas by name, as they were published at another
    time. Incompatible changes come first, then files that are missing or out of date. Without its examples or its
    way to the newest version nothing more can be said of a type.
    """
    if absent := _missing():
        return absent
    current = _current()
    changed = [
        said for each in (_published(folder), before or {}) for said in incompatibilities(each, current)
    ]
    return [*dict.fromkeys(changed), *generated.stale(_files(folder), folder)]
