"""How items and knowledge are found: by status, by target, and what is live by its vectors."""

from __future__ import annotations

from schemas import learning as out
from streams.learning.state import KINDS, Item, Knowledge, Shop


def become(shop: Shop, item: Item, outcome: out.ItemOutcome) -> None:
    """The item takes its new state, and is found by its target and as approved."""
    if outcome.needs_second_pair is not None:
        item.needs_second_pair = outcome.needs_second_pair
    if outcome.now is None:
        return
    now = outcome.now
    if now.target != item.target:
        if item.target is not None:
            shop.targeting[item.target].discard(item.id)
        item.target = now.target
    if item.target is not None:
        shop.targeting.setdefault(item.target, set()).add(item.id)
    item.status, item.version, item.confidence = now.status, now.version, now.confidence
    if item.status == "approved":
        shop.approved[item.id] = None
    else:
        shop.approved.pop(item.id, None)


def show(shop: Shop, entity: Item | Knowledge) -> None:
    """Keeps the vectors of what is live, and of nothing else."""
    for kind in KINDS:
        text = entity.texts.of(kind) if entity.live else None
        if text is None:
            shop.tables[kind].drop(entity.id)
        else:
            shop.tables[kind].put(entity.id, text.vector)
