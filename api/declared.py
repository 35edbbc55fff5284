"""What routes declare of themselves, for the OpenAPI document and for whoever checks every route by it."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import BaseModel

from api.idempotency import LONGEST
from schemas.access import Right
from schemas.event import EventData, ShopData

PREFER: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "description": "`wait=N`: answer when the effect can be read, if that is so within N seconds (RFC 7240)",
    "schema": {"type": "string", "pattern": "^wait=[0-9]{1,2}$"},
}

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "the caller's own name of the request: sent again, it is answered as the first time",
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[ -~]+$"},
}


def takes(right: Right, *, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """For `openapi_extra`: which right a route takes, and what its body is."""
    said: dict[str, Any] = {"x-right": right}
    if body is not None:
        said["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        said["parameters"] = [PREFER, IDEMPOTENCY_KEY]
    return said


def schema_of(kind: type[EventData], *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON Schema of a body with an event's data, and the shop where it is about one."""
    return body_of(kind, with_shop=issubclass(kind, ShopData), without=without)


def only_if(schema: dict[str, Any], *cases: dict[str, Any]) -> dict[str, Any]:
    """The schema, of which one of these cases has to hold: which of its fields go together."""
    return schema | {"anyOf": list(cases)}


def case(*required: str, **fields: dict[str, Any]) -> dict[str, Any]:
    """One of them: fields that have to be there, and what others may be."""
    return {"required": list(required), "properties": fields}


NOTHING: dict[str, Any] = {"type": "null"}


@cache
def body_of(kind: type[BaseModel], *, with_shop: bool, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """The same of any model. Nothing else may stand in it."""
    said = kind.model_json_schema()
    properties = {name: each for name, each in said["properties"].items() if name not in without}
    if with_shop:
        properties["shop_id"] = {
            "type": ["integer", "null"],
            "minimum": 1,
            "maximum": 2**31 - 1,
            "description": "may be left out by callers that have exactly one shop",
        }
    required = [name for name in said.get("required", ()) if name not in without]
    inlined: dict[str, Any] = _inline(properties, said.get("$defs", {}))
    schema = {"type": "object", "properties": inlined, "additionalProperties": False}
    return schema | ({"required": required} if required else {})


def _inline(said: Any, definitions: dict[str, Any]) -> Any:
    """Without references: nothing here refers to itself."""
    if isinstance(said, list):
        return [_inline(each, definitions) for each in said]
    if not isinstance(said, dict):
        return said
    if (ref := said.get("$ref")) is not None:
        return _inline(definitions[ref.rpartition("/")[2]], definitions)
    return {name: _inline(each, definitions) for name, each in said.items()}
