"""The client's models are written from the published documents, and whatever is not known is refused."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from schemas.client_models import MODULE, UnknownSchema, check, module, service_topics, write

ROOT = Path(__file__).parents[2]
DOCUMENTS = ROOT / "docs" / "schemas"
NAME = "relearn.thing.seen.v1"


def thing(field: dict[str, Any], *required: str, **more: Any) -> dict[str, Any]:
    data = {
        "description": "A thing.",
        "type": "object",
        "properties": {"size": field},
        "required": [*required],
    }
    return {"title": "ThingSeen", "required": ["shopid"], "properties": {"data": data}} | more


def line_of(field: dict[str, Any], *required: str, **more: Any) -> str:
    text = module({NAME: thing(field, *required, **more)}, {NAME: "things"})
    return next(line.strip() for line in text.splitlines() if line.startswith("    size:"))


def test_the_models_are_in_step_with_the_documents() -> None:
    assert check(DOCUMENTS, ROOT / "client") == []


def test_writing_again_writes_the_same_bytes(tmp_path: Path) -> None:
    assert write(DOCUMENTS, tmp_path) == [tmp_path / MODULE]
    assert (tmp_path / MODULE).read_bytes() == (ROOT / "client" / MODULE).read_bytes()
    assert write(DOCUMENTS, tmp_path) == []


def test_a_changed_document_is_noticed(tmp_path: Path) -> None:
    copytree(DOCUMENTS, tmp_path / "schemas")
    document = tmp_path / "schemas" / "relearn.task.started.v1.json"
    document.write_text(document.read_text().replace('"maxLength": 200', '"maxLength": 201'))
    assert check(tmp_path / "schemas", ROOT / "client") == [f"{MODULE} is out of date"]


def test_the_types_are_those_that_services_send() -> None:
    assert {topic.name for topic in service_topics()} == {"learning.events", "tasks.events"}


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ({"type": "string"}, "str"),
        ({"type": "string", "maxLength": 32000}, "Annotated[str, Field(max_length=32_000)]"),
        ({"type": "integer", "minimum": 1, "maximum": 5}, "Annotated[int, Field(ge=1, le=5)]"),
        ({"type": "number", "maximum": 0.5}, "Annotated[float, Field(le=0.5)]"),
        ({"type": "string", "format": "uuid"}, "UUID"),
        ({"type": "string", "format": "date-time"}, "AwareDatetime"),
        ({"type": "string", "enum": ["s", "m"]}, "Size"),
        (
            {"type": "array", "items": {"type": "boolean"}, "minItems": 1},
            "Annotated[list[bool], Field(min_length=1)]",
        ),
        ({"type": "object", "additionalProperties": True}, "FreeObject"),
        (
            {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
            "Annotated[int, Field(ge=0)] | None",
        ),
    ],
)
def test_a_required_field_has_its_type_and_bounds(field: dict[str, Any], kind: str) -> None:
    assert line_of(field, "size") == f"size: {kind}"


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ({"type": "boolean", "default": False}, "bool = False"),
        ({"type": "string", "default": 'a "b"'}, r'str = "a \"b\""'),
        ({"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}, "str | None = None"),
        ({"type": "array", "items": {"type": "string"}}, "list[str] = Field(default_factory=list)"),
        ({"type": "object", "additionalProperties": True}, "FreeObject = Field(default_factory=dict)"),
    ],
)
def test_a_field_that_may_be_left_out_has_its_default(field: dict[str, Any], line: str) -> None:
    assert line_of(field) == f"size: {line}"


def test_a_part_of_its_own_becomes_a_class() -> None:
    part = {"description": "A part.", "type": "object", "properties": {}, "additionalProperties": True}
    said = thing({"$ref": "#/$defs/Part1"}, **{"$defs": {"Part1": part}})
    text = module({NAME: said}, {NAME: "things"})
    assert 'class Part1(Part):\n    """A part."""\n\n    model_config = ConfigDict(extra="allow")\n' in text
    assert "    size: Part1 = Field(default_factory=Part1)\n" in text


@pytest.mark.parametrize(
    "field",
    [
        {"type": "string", "pattern": "^a"},
        {"type": "string", "format": "email"},
        {"type": "object", "properties": {}},
        {"type": "number", "exclusiveMinimum": 0},
        {"anyOf": [{"type": "integer"}, {"type": "string"}]},
        {"oneOf": []},
    ],
)
def test_what_the_generator_does_not_know_is_refused(field: dict[str, Any]) -> None:
    with pytest.raises(UnknownSchema):
        line_of(field, "size")


def test_an_optional_field_without_a_default_is_refused() -> None:
    with pytest.raises(UnknownSchema, match="size is not required and has no default"):
        line_of({"type": "string"})


def test_one_name_is_not_given_to_two_things() -> None:
    schemas = {f"{NAME}{n}": thing({"enum": [value]}, "size", title=f"T{n}") for n, value in enumerate("ab")}
    with pytest.raises(UnknownSchema, match="two things are called Size"):
        module(schemas, dict.fromkeys(schemas, "things"))
