"""The entities whose changes must stay in order."""

from __future__ import annotations

from uuid import UUID

from projections.change import Key


def item(shop_id: int, id: UUID) -> Key:
    return ("item", shop_id, id)


def items(shop_id: int) -> Key:
    """All items of a shop: written by what changes items that it does not name, read by everything else."""
    return ("items", shop_id)


def sources(shop_id: int, item_id: UUID) -> Key:
    """What an item rests on."""
    return ("sources", shop_id, item_id)


def knowledge(shop_id: int, id: UUID) -> Key:
    return ("knowledge", shop_id, id)


def conversation(shop_id: int, id: UUID) -> Key:
    """That the conversation is there, if only as a stub."""
    return ("conversation", shop_id, id)


def words(shop_id: int, id: UUID) -> Key:
    """What was said in a conversation."""
    return ("words", shop_id, id)


def correction(shop_id: int, id: UUID) -> Key:
    return ("correction", shop_id, id)


def shop(shop_id: int) -> Key:
    return ("shop", shop_id)


def kept(partition: int) -> Key:
    """What retention and erasure remove: read by all that adds to it."""
    return ("kept", partition)
