"""The models of `relearn-client`, written from the published JSON Schemas of what services send, each in
its newest version.

Only those words of JSON Schema are known that the documents use; any other is refused, so that nothing that a
document says is lost in silence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from keyword import iskeyword
from pathlib import Path
from typing import Any

import orjson

from schemas import generated
from schemas.topics import DOMAINS, Topic
from schemas.upcasting import UPCASTERS

Schema = Mapping[str, Any]

MODULE = Path("relearn_client/models.py")
"""Where the models stand in the client's folder."""

LINE = 110
"""Characters in a line of code, as everywhere here."""

HEADER = '''"""What services send, one model for each type of event.

Generated from docs/schemas by `relearn schemas write`; not to be edited.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import {imported}

from relearn_client.event import EventData, FreeObject, Part, ShopData, TaskData
'''

IMPORTED = ("AwareDatetime", "ConfigDict", "Field")
"""What the models may need of pydantic."""

ABOUT = frozenset({"title", "description", "default"})
"""Words that say something of a value without bounding it."""

BOUNDS = {
    "minimum": "ge",
    "maximum": "le",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
}
PLAIN = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
FORMATS = {"uuid": "UUID", "date-time": "AwareDatetime"}


class UnknownSchema(ValueError):
    """A document says something that the generator cannot put into a model."""


def service_topics() -> Iterator[Topic]:
    """The topics into which services write."""
    for domain in DOMAINS.values():
        yield from (topic for topic in domain.inputs if "service" in topic.writers)


def module(schemas: Mapping[str, Schema], topics: Mapping[str, str]) -> str:
    """The text of the module for these event types: their schemas, and the topic in which each belongs.

    Raises:
        UnknownSchema: if a schema says what no model can.
    """
    writer = _Module()
    for name, schema in schemas.items():
        writer.event(name, schema, topics[name])
    return writer.text()


def write(schemas: Path, client: Path) -> list[Path]:
    """Writes the models into the client's folder, from the documents in `schemas`; returns what changed."""
    return generated.write(_files(schemas, client))


def check(schemas: Path, client: Path) -> list[str]:
    """What is wrong with the client's models, in plain words; empty if nothing is."""
    return generated.stale(_files(schemas, client), client)


def _files(schemas: Path, client: Path) -> dict[Path, bytes]:
    sent = ((kind, topic.name) for topic in service_topics() for kind in topic.types)
    topics = {kind.TYPE: name for kind, name in sent if kind not in UPCASTERS}
    documents = {name: orjson.loads((schemas / f"{name}.json").read_bytes()) for name in topics}
    return {client / MODULE: module(documents, topics).encode()}


class _Module:
    """A module while it is written: names of values first, then the classes that use them."""

    def __init__(self) -> None:
        self._literals: dict[str, str] = {}
        self._classes: dict[str, str] = {}
        self._events: list[str] = []

    def event(self, name: str, schema: Schema, topic: str) -> None:
        """Adds an event's data, and first the parts of which it is made."""
        for part, said in schema.get("$defs", {}).items():
            self._add(self._classes, part, self._class(part, "Part", said, []))
        base = "ShopData" if "shopid" in schema["required"] else "TaskData"
        said = [f'TYPE: ClassVar[str] = "{name}"', f'TOPIC: ClassVar[str] = "{topic}"']
        self._add(
            self._classes,
            schema["title"],
            self._class(schema["title"], base, schema["properties"]["data"], said),
        )
        self._events.append(schema["title"])

    def text(self) -> str:
        """The whole module."""
        values = "\n".join(self._literals.values())
        classes = "\n\n\n".join(self._classes.values())
        events = "".join(f"    {name},\n" for name in self._events)
        listed = f'EVENTS: tuple[type[EventData], ...] = (\n{events})\n"""Every type of event."""\n'
        imported = ", ".join(name for name in IMPORTED if re.search(rf"\b{name}\b", values + classes))
        return f"{HEADER.format(imported=imported)}\n{values}\n\n\n{classes}\n\n\n{listed}"

    def _class(self, name: str, base: str, schema: Schema, constants: list[str]) -> str:
        _known(schema, {"type", "properties", "required", "additionalProperties"})
        lines = [f"class {name}({base}):", f'    """{schema["description"]}"""', ""]
        if schema.get("additionalProperties", False):
            constants = [*constants, 'model_config = ConfigDict(extra="allow")']
        lines += [f"    {constant}" for constant in constants] + [""] * bool(constants)
        required = schema.get("required", [])
        optional = sorted(schema["properties"].keys() - set(required))
        for each in (*required, *optional):
            lines += self._field(each, schema["properties"][each], is_required=each in required)
        return "\n".join(lines)

    def _field(self, name: str, schema: Schema, *, is_required: bool) -> list[str]:
        if not name.isidentifier() or iskeyword(name):
            raise UnknownSchema(f"{name!r} cannot be the name of a field")
        kind = self._kind(name, schema)
        line = f"    {name}: {kind}" + ("" if is_required else f" = {_default(name, kind, schema)}")
        return [line, f'    """{schema["description"]}"""'] if "description" in schema else [line]

    def _kind(self, name: str, schema: Schema) -> str:
        match schema:
            case {"anyOf": [inner, {"type": "null"}]}:
                _known(schema, {"anyOf"})
                return f"{self._kind(name, inner)} | None"
            case {"$ref": str(reference)}:
                _known(schema, {"$ref"})
                return reference.removeprefix("#/$defs/")
            case {"enum": [*values]}:
                _known(schema, {"enum", "type"})
                return self._literal(name, values)
            case {"type": "array", "items": items}:
                _known(schema, {"type", "items", "minItems", "maxItems"})
                return _bounded(f"list[{self._kind(name, items)}]", schema)
        return _leaf(name, schema)

    def _literal(self, field: str, values: list[str]) -> str:
        name = "".join(word.capitalize() for word in field.split("_"))
        quoted = [json.dumps(value) for value in values]
        line = f"{name} = Literal[{', '.join(quoted)}]"
        if len(line) > LINE:
            line = f"{name} = Literal[\n" + "".join(f"    {value},\n" for value in quoted) + "]"
        self._add(self._literals, name, line)
        return name

    @staticmethod
    def _add(known: dict[str, str], name: str, text: str) -> None:
        if known.setdefault(name, text) != text:
            raise UnknownSchema(f"two things are called {name}")


def _leaf(name: str, schema: Schema) -> str:
    """The type of a value that holds no other that the document describes."""
    match schema:
        case {"type": "object", "additionalProperties": True}:
            _known(schema, {"type", "additionalProperties"})
            return "FreeObject"
        case {"type": "string", "format": str(known)} if known in FORMATS:
            _known(schema, {"type", "format"})
            return FORMATS[known]
        case {"type": str(known)} if known in PLAIN:
            _known(schema, {"type", "minimum", "maximum", "minLength", "maxLength"})
            return _bounded(PLAIN[known], schema)
    raise UnknownSchema(f"{name}: {dict(schema)}")


def _known(schema: Schema, words: set[str]) -> None:
    if unknown := schema.keys() - words - ABOUT:
        raise UnknownSchema(f"{min(unknown)!r} in {dict(schema)}")


def _bounded(kind: str, schema: Schema) -> str:
    said = ", ".join(f"{BOUNDS[word]}={_number(schema[word])}" for word in BOUNDS if word in schema)
    return f"Annotated[{kind}, Field({said})]" if said else kind


def _number(value: float) -> str:
    return f"{int(value):_}" if value == int(value) else repr(value)


def _default(name: str, kind: str, schema: Schema) -> str:
    """What a field is that is not said: as the document tells, else the empty value of its kind."""
    match schema:
        case {"default": str(said)}:
            return json.dumps(said)
        case {"default": said}:
            return repr(said)
        case {"type": "array"}:
            return "Field(default_factory=list)"
        case {"type": "object"}:
            return "Field(default_factory=dict)"
        case {"$ref": _}:
            return f"Field(default_factory={kind})"
    raise UnknownSchema(f"{name} is not required and has no default")
