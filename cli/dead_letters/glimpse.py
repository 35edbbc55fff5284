"""What can be read of an input that nobody validated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from schemas.topics import Key

SHOP = re.compile(rb'"shopid"\s*:\s*"?([1-9]\d{0,9})\b')
"""Also in what is not quite JSON."""


@dataclass(frozen=True, slots=True)
class Glimpse:
    """What a sender seems to have meant. None of it is to be trusted."""

    type: str | None = None
    id: str | None = None
    shop: int | None = None
    task: str | None = None
    conversation: str | None = None

    def key(self, kind: Key) -> str | None:
        """What would keep it in order with others, if it says so."""
        return self.task if kind == "task" else None if self.shop is None else str(self.shop)


def glimpse(raw: bytes) -> Glimpse:
    """What these bytes tell, whatever they are."""
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        said = None
    if isinstance(said, dict):
        return glimpse_of(said)
    found = SHOP.search(raw)
    return Glimpse(shop=int(found[1]) if found else None)


def glimpse_of(said: Mapping[str, Any]) -> Glimpse:
    """What this object tells, whatever it is."""
    data = said.get("data")
    inner: Mapping[str, Any] = data if isinstance(data, dict) else {}
    task = _text(inner.get("task_id"))
    return Glimpse(
        type=_text(said.get("type")),
        id=_text(said.get("id")),
        shop=_number(said.get("shopid")),
        task=task or (_text(said.get("subject")) if "shopid" not in said else None),
        conversation=_text(inner.get("conversation_id")),
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _number(value: object) -> int | None:
    """A shop's id is a number; that it came as a text is a common way to die."""
    if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) <= 10:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
