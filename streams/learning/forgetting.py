"""How the state forgets: by what outcomes say, and by nothing else, so that a log without the words does the same."""

from __future__ import annotations

from dataclasses import replace

from schemas import learning as out
from streams.domain import Given
from streams.learning.finding import become, show
from streams.learning.state import Said, Shop, Texts, earliest


def item_erased(shop: Shop, given: Given, outcome: out.ItemErased) -> None:
    item = shop.items[outcome.item_id]
    for said in item.sources:
        if said.source.source_id in outcome.source_ids:
            forget(said)
    found = earliest(item.speaking)
    item.texts = replace(item.texts, **{kind: found.of(kind) for kind in outcome.lost})
    become(shop, item, outcome)
    show(shop, item)


def forget(said: Said) -> None:
    """The source stays, without words and without the person."""
    said.source, said.texts = said.source.model_copy(update={"actor_id": None}), Texts()


def knowledge_erased(shop: Shop, given: Given, outcome: out.KnowledgeErased) -> None:
    known = shop.knowledge[outcome.knowledge_id]
    known.texts = known.texts.without(outcome.lost)
    if outcome.now is not None:
        known.status = outcome.now.status
    show(shop, known)


def subject_erased(shop: Shop, given: Given, outcome: out.SubjectErased) -> None:
    for id in outcome.conversations:
        if (known := shop.conversations.get(id)) is not None:
            known.people = ()
    for remembered in shop.imports.values():
        if outcome.actor_id is not None and remembered.actor == outcome.actor_id:
            remembered.content = remembered.actor = None
