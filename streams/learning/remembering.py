"""How the state remembers imports: what became of the last one under each (source, external_id)."""

from __future__ import annotations

from schemas import learning as out
from schemas.knowledge import KnowledgeImported
from schemas.standing import SecondPairFor
from streams.domain import Given
from streams.learning.state import Import, ImportKey, Item, Knowledge, Said, Shop

Content = tuple[str, str | None, str | None]
"""Answer, question and category of an import, as they were sent."""


def import_key(data: KnowledgeImported) -> ImportKey:
    """Under which imports replace each other. Without an external id nothing is ever found under it."""
    return data.source, data.external_id or ""


def import_content(data: KnowledgeImported) -> Content:
    return data.content, data.question, data.category


def imported_as(given: Given, reason: SecondPairFor | None) -> ImportKey | None:
    """Under which key what this source says is to be known once it is applied."""
    return import_key(given.data) if reason == "import" else None


def head(shop: Shop, data: KnowledgeImported) -> Knowledge | None:
    """The knowledge that the last import under this id brought; None if it brought none of its own."""
    remembered = shop.imports.get(import_key(data))
    known = shop.knowledge.get(remembered.knowledge_id) if remembered and remembered.knowledge_id else None
    return known if known is not None and known.imported_as == import_key(data) else None


def item_of(shop: Shop, remembered: Import) -> Item | None:
    """The item that this import was made, if it was made one."""
    return None if remembered.item_id is None else shop.items[remembered.item_id]


def is_last(shop: Shop, key: ImportKey, item: Item) -> bool:
    """Whether nothing else has been imported under this id since the item was."""
    remembered = shop.imports.get(key)
    return remembered is not None and remembered.item_id == item.id


def wait(shop: Shop, said: Said, item: Item) -> None:
    """What was imported under an id is this item from now on."""
    if said.imported_as is not None and said.imported_as[1]:
        shop.imports.setdefault(said.imported_as, Import()).item_id = item.id


def follow(shop: Shop, said: Said, old: Item, new: Item) -> None:
    """This source of the one item is the other's now, and so is its import."""
    if said.imported_as is not None and is_last(shop, said.imported_as, old):
        wait(shop, said, new)


def arrive(shop: Shop, outcome: out.ItemApplied) -> None:
    """What was imported as the item is known as what that became."""
    item = shop.items[outcome.item_id]
    for said in item.sources:
        if said.imported_as is not None and is_last(shop, said.imported_as, item):
            shop.imports[said.imported_as].knowledge_id = outcome.knowledge_id


def observe_import(shop: Shop, data: KnowledgeImported) -> None:
    """Keeps what was sent last, and by whom."""
    if (remembered := shop.imports.get(import_key(data))) is not None:
        remembered.content, remembered.actor = import_content(data), data.actor_id


def stop_waiting(shop: Shop, data: KnowledgeImported) -> None:
    """What is imported under this id is not the item that it was; if it was nothing else, it is forgotten."""
    remembered = shop.imports[import_key(data)]
    item = item_of(shop, remembered)
    if item is None or item.status == "applied":
        return
    remembered.item_id = None
    if remembered.knowledge_id is None:
        del shop.imports[import_key(data)]
