"""From readable names to ids. Names in the scenario begin with the shop: `bike/cargo-1/feedback`.

Ids of items and knowledge follow from the events that make them, so the scenario knows them beforehand.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any
from uuid import UUID, uuid5

from schemas.identity import identity

NAMESPACE = UUID("c2b0f5a4-5d3e-5f4e-9f0b-6a8d2e7c1b90")


@dataclass(frozen=True)
class Shop:
    id: int
    name: str


def shops() -> dict[str, Shop]:
    """The shops of the scenario by their short names."""
    said = tomllib.loads(files(__package__).joinpath("shops.toml").read_text("utf-8"))
    return {short: Shop(**shop) for short, shop in said.items()}


@dataclass(frozen=True)
class Names:
    """The ids behind the names."""

    shops: Mapping[str, Shop]

    def shop_id(self, name: str) -> int:
        """The shop that a name is about; 0 for what is about none."""
        shop = self.shops.get(name.partition("/")[0])
        return shop.id if shop else 0

    def event(self, name: str) -> UUID:
        return uuid5(NAMESPACE, f"event/{name}")

    def conversation(self, name: str) -> UUID:
        return uuid5(NAMESPACE, f"conversation/{name}")

    def reviewer(self, name: str) -> UUID:
        return uuid5(NAMESPACE, f"reviewer/{name}")

    def item(self, name: str) -> UUID:
        """`event`: the item that this event made; `conversation#2`: the one of the turn with index 2."""
        conversation, turned, index = name.partition("#")
        made_by = self.conversation(conversation) if turned else self.event(name)
        return identity(self.shop_id(name), made_by, "item", int(index) if turned else "")

    def knowledge(self, name: str) -> UUID:
        """`event`: what this import or edit made; `event > item`: what applying the item made of it."""
        event, applied, item = name.partition(" > ")
        entity: object = self.item(item) if applied else ""
        return identity(self.shop_id(name), self.event(event), "knowledge", entity)

    def resolved(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Event data with ids in the place of names."""
        kinds: dict[str, Callable[[str], UUID]] = {
            "conversation_id": self.conversation,
            "reviewer_id": self.reviewer,
            "item_id": self.item,
            "item_ids": self.item,
            "knowledge_id": self.knowledge,
            "cited_knowledge_ids": self.knowledge,
            "source_id": self.event,
        }
        return {key: _each(kinds[key], value) if key in kinds else value for key, value in data.items()}


def _each(named: Callable[[str], UUID], value: Any) -> Any:
    return [str(named(name)) for name in value] if isinstance(value, list) else str(named(value))
