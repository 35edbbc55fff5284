"""How approved items become knowledge, and what that does to the others of their topic."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal
from uuid import UUID

from schemas import learning as out
from schemas.identity import identity
from schemas.outcome import Outcome
from schemas.policy import LearningPolicy
from schemas.standing import ImportedAs, KnowledgeState
from streams.domain import Given
from streams.learning.matching import neighbours
from streams.learning.remembering import is_last
from streams.learning.state import Item, Knowledge, Shop, Texts

LIVE = KnowledgeState(status="live")


def head_for(shop: Shop, policy: LearningPolicy, target: UUID | None, texts: Texts) -> UUID | None:
    """The live knowledge that an item would supersede: its target's newest version, else its topic's."""
    if (head := shop.head(target)) is not None:
        return head
    return next((n.entity.id for n in neighbours(shop, policy, texts) if n.is_knowledge), None)


def apply_item(shop: Shop, policy: LearningPolicy, given: Given, item: Item) -> Iterator[Outcome]:
    """An approved item becomes knowledge, confirms what says the same, or goes back if its target is no more."""
    near = neighbours(shop, policy, item.texts)
    same = next((n for n in near if n.is_knowledge and n.relation == "same"), None)
    if same and not replaces_an_import(shop, item):
        yield out.KnowledgeConfirmed(
            shop_id=given.shop_id,
            knowledge_id=same.entity.id,
            source_id=item.id,
            similarity=same.answer_similarity or same.similarity,
        )
        yield applied(given, item, same.entity.id)
        return
    head = head_for(shop, policy, item.target, item.texts)
    if head != item.target:
        yield returned(given, item, "stale_conflict", head)
        return
    id = identity(given.shop_id, given.event.id, "knowledge", item.id)
    yield out.KnowledgeApplied(
        shop_id=given.shop_id,
        knowledge_id=id,
        item_id=item.id,
        supersedes=item.target,
        now=LIVE,
        imported_as=imported_as(shop, item),
    )
    yield applied(given, item, id)
    yield from superseding(shop, policy, given, item.target, id)


def replaces_an_import(shop: Shop, item: Item) -> bool:
    """Whether it takes the place of what was imported under the same id, if only in other words."""
    known = shop.knowledge.get(item.target) if item.target is not None else None
    keys = {said.imported_as for said in item.speaking if said.imported_as is not None}
    return known is not None and known.imported_as in keys


def imported_as(shop: Shop, item: Item) -> ImportedAs | None:
    """The import that the item's answer came with, unless something else has been imported under its id since."""
    first = next((said for said in item.speaking if said.texts.answer is not None), None)
    if first is None or first.imported_as is None:
        return None
    source, external_id = first.imported_as
    if external_id and not is_last(shop, first.imported_as, item):
        return None
    return ImportedAs(source=source, external_id=external_id or None)


def superseding(
    shop: Shop, policy: LearningPolicy, given: Given, old: UUID | None, new: UUID
) -> Iterator[Outcome]:
    """The old version gives way to new live knowledge, and pending items of the topic aim at it."""
    if old is not None:
        yield superseded(given, shop.knowledge[old], new)
    yield from retargeted(shop, policy, given, old)
    for near in neighbours(shop, policy, shop.knowledge[new].texts):
        item = near.entity
        if isinstance(item, Item) and item.status == "pending" and item.target is None:
            yield retarget(given, item, new)


def superseded(given: Given, known: Knowledge, by: UUID) -> out.KnowledgeSuperseded:
    return out.KnowledgeSuperseded(
        shop_id=given.shop_id,
        knowledge_id=known.id,
        was=known.state,
        now=KnowledgeState(status="superseded", superseded_by=by, disputes=known.disputes),
    )


def retargeted(shop: Shop, policy: LearningPolicy, given: Given, ended: UUID | None) -> Iterator[Outcome]:
    """Pending items that aimed at knowledge which has ended aim at what took its place, if anything did."""
    for item in shop.pending_for(ended) if ended is not None else ():
        head = head_for(shop, policy, item.target, item.texts)
        if head != item.target:
            yield retarget(given, item, head)


def retarget(given: Given, item: Item, target: UUID | None) -> out.ItemRetargeted:
    now = item.state.model_copy(update={"target": target, "version": item.version + 1})
    return out.ItemRetargeted(shop_id=given.shop_id, item_id=item.id, was=item.state, now=now)


def applied(given: Given, item: Item, knowledge_id: UUID) -> out.ItemApplied:
    return out.ItemApplied(
        shop_id=given.shop_id,
        item_id=item.id,
        knowledge_id=knowledge_id,
        was=item.state,
        now=item.state.model_copy(update={"status": "applied", "version": item.version + 1}),
    )


def returned(
    given: Given, item: Item, why: Literal["stale_conflict", "rolled_back"], target: UUID | None
) -> out.ItemReturned:
    """The item is pending again."""
    return out.ItemReturned(
        shop_id=given.shop_id,
        item_id=item.id,
        why=why,
        was=item.state,
        now=item.state.model_copy(
            update={"status": "pending", "version": item.version + 1, "target": target}
        ),
    )
