"""What the API offers, as its OpenAPI document says: what is not looked at here cannot be forgotten there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

JSON = "application/json"
METHODS = ("get", "put", "post", "patch", "delete")


@dataclass(frozen=True, eq=False)
class Operation:
    """One of them."""

    method: str
    path: str
    """As it is declared, with names for what is filled in."""
    said: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def right(self) -> str:
        return str(self.said["x-right"])

    @property
    def body(self) -> Mapping[str, Any] | None:
        """The JSON Schema of its body, if that is one JSON object."""
        found = self.content.get(JSON, {}).get("schema", {})
        return found if list(self.content) == [JSON] else None

    @property
    def content(self) -> Mapping[str, Any]:
        """What its body may be, by content type; nothing where it takes none."""
        told: Mapping[str, Any] = self.said.get("requestBody", {}).get("content", {})
        return told

    @property
    def queries(self) -> Sequence[Mapping[str, Any]]:
        return [each for each in self.said.get("parameters", ()) if each["in"] == "query"]

    @property
    def names_shop(self) -> bool:
        """Whether a request says which shop it is about, in its query or its body."""
        return any(each["name"] == "shop_id" for each in self.queries) or "shop_id" in self.fields

    @property
    def fields(self) -> Mapping[str, Any]:
        """The schemas of its body's fields."""
        return {} if self.body is None else self.body["properties"]


def operations_of(document: Mapping[str, Any]) -> list[Operation]:
    """All of them."""
    return [
        Operation(method.upper(), path, said)
        for path, methods in document["paths"].items()
        for method, said in methods.items()
        if method in METHODS
    ]


def everything(caller: httpx.Client) -> list[Operation]:
    """All that the API of this caller offers."""
    return operations_of(caller.get("/api/openapi.json").json())


def writes(caller: httpx.Client) -> list[Operation]:
    """Those that take one JSON object."""
    return [each for each in everything(caller) if each.body is not None and each.method == "POST"]
