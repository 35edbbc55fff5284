"""How each outcome changes the state. The only writer of it, both when deciding and when folding the log."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from schemas import learning as out
from schemas.knowledge import KnowledgeImported
from schemas.outcome import GENERAL, Outcome
from schemas.stored import (
    CallStored,
    ConversationOutdated,
    ConversationStored,
    CorrectionStored,
    FeedbackStored,
    ResponseStored,
)
from streams.domain import Given
from streams.learning.finding import become, show
from streams.learning.forgetting import item_erased, knowledge_erased, subject_erased
from streams.learning.reading import text_at, texts_at
from streams.learning.remembering import arrive, follow, import_key, imported_as, stop_waiting, wait
from streams.learning.state import (
    Conversation,
    Import,
    ImportKey,
    Item,
    Knowledge,
    Said,
    Shop,
    State,
    Texts,
    earliest,
)


def evolve(state: State, given: Given, outcome: Outcome) -> None:
    """Changes the state by one outcome."""
    EVOLVE[type(outcome)](state.shop(outcome.shop_id), given, outcome)


# Items


def item_proposed(shop: Shop, given: Given, outcome: out.ItemProposed) -> None:
    said = said_by(given, outcome, outcome.category)
    add_item(shop, outcome, said)
    wait(shop, said, shop.items[outcome.item_id])


def said_by(given: Given, outcome: out.ItemProposed | out.ItemCorroborated, category: str | None) -> Said:
    """The source that this input is."""
    return Said(
        outcome.source,
        texts_at(given, outcome.parts),
        category,
        frozenset(outcome.conflicts_with),
        outcome.second_pair_for,
        imported_as(given, outcome.second_pair_for),
    )


def add_item(shop: Shop, outcome: out.ItemProposed | out.ItemSplit, said: Said) -> None:
    item = Item(outcome.item_id, shop.number, [said], said.texts, said.category)
    shop.number += 1
    shop.items[item.id] = item
    become(shop, item, outcome)
    for other in said.conflicts:
        link(shop, item, other)
    show(shop, item)


def item_corroborated(shop: Shop, given: Given, outcome: out.ItemCorroborated) -> None:
    item = shop.items[outcome.item_id]
    said = said_by(given, outcome, getattr(given.data, "category", None))
    item.sources.append(said)
    if outcome.filled:
        found = {kind: said.texts.of(kind) for kind in outcome.filled}
        item.texts = replace(item.texts, **found)
    item.category = outcome.category
    for other in said.conflicts:
        link(shop, item, other)
    wait(shop, said, item)
    become(shop, item, outcome)
    show(shop, item)


def item_approved(shop: Shop, given: Given, outcome: out.ItemApproved) -> None:
    item = shop.items[outcome.item_id]
    if outcome.edited:
        item.texts = replace(item.texts, answer=text_at(given, "answer"))
    item.category = outcome.category
    become(shop, item, outcome)
    show(shop, item)


def item_changed(shop: Shop, given: Given, outcome: out.ItemOutcome) -> None:
    item = shop.items[outcome.item_id]
    become(shop, item, outcome)
    show(shop, item)


def item_applied(shop: Shop, given: Given, outcome: out.ItemApplied) -> None:
    item_changed(shop, given, outcome)
    arrive(shop, outcome)


def item_withdrawn(shop: Shop, given: Given, outcome: out.ItemWithdrawn) -> None:
    item_changed(shop, given, outcome)
    stop_waiting(shop, given.data)


def item_assigned(shop: Shop, given: Given, outcome: out.ItemAssigned) -> None:
    item = shop.items[outcome.item_id]
    item.assigned_to, item.assigned_at = outcome.reviewer_id, given.at
    shop.assigned[item.id] = None


def item_released(shop: Shop, given: Given, outcome: out.ItemReleased) -> None:
    item = shop.items[outcome.item_id]
    item.assigned_to = item.assigned_at = None
    shop.assigned.pop(item.id, None)


def item_split(shop: Shop, given: Given, outcome: out.ItemSplit) -> None:
    left = next(
        s for s in shop.items[outcome.split_from].sources if s.source.source_id == outcome.source.source_id
    )
    add_item(shop, outcome, replace(left))
    follow(shop, left, shop.items[outcome.split_from], shop.items[outcome.item_id])
    shop.apart.add((outcome.split_from, outcome.source.source_id))


def merge_reverted(shop: Shop, given: Given, outcome: out.MergeReverted) -> None:
    item = shop.items[outcome.item_id]
    item.sources = [s for s in item.sources if s.source.source_id != outcome.source_id]
    item.texts, item.category = earliest(item.speaking), outcome.words.category
    for other in set(item.conflicts):
        if not contradict(shop, item, other):
            item.conflicts.discard(other)
            shop.items[other].conflicts.discard(item.id)
    become(shop, item, outcome)
    show(shop, item)


def contradict(shop: Shop, item: Item, other: UUID) -> bool:
    """Whether a source of one still contradicts the other."""
    return any(other in s.conflicts for s in item.sources) or any(
        item.id in s.conflicts for s in shop.items[other].sources
    )


def link(shop: Shop, item: Item, other: UUID) -> None:
    item.conflicts.add(other)
    shop.items[other].conflicts.add(item.id)


# Knowledge


def knowledge_applied(shop: Shop, given: Given, outcome: out.KnowledgeApplied) -> None:
    item = shop.items[outcome.item_id]
    texts, known_as = Texts(item.texts.question, item.texts.answer), outcome.imported_as
    add_knowledge(
        shop,
        outcome.knowledge_id,
        texts,
        item.category,
        outcome.supersedes,
        item_id=item.id,
        imported_as=(known_as.source, known_as.external_id) if known_as and known_as.external_id else None,
    )


def knowledge_imported(shop: Shop, given: Given, outcome: out.KnowledgeImported) -> None:
    texts = Texts(text_at(given, "question"), text_at(given, "answer"))
    key = import_key(given.data) if given.data.external_id else None
    known = add_knowledge(
        shop, outcome.knowledge_id, texts, given.data.category, outcome.supersedes, imported_as=key
    )
    if key is not None:
        shop.imports[key] = Import(known.id)


def knowledge_edited(shop: Shop, given: Given, outcome: out.KnowledgeEdited) -> None:
    old = shop.knowledge[outcome.supersedes]
    question = text_at(given, "question") if outcome.new_question else old.texts.question
    add_knowledge(
        shop,
        outcome.knowledge_id,
        Texts(question, text_at(given, "answer")),
        old.category,
        outcome.supersedes,
    )


def add_knowledge(
    shop: Shop,
    id: UUID,
    texts: Texts,
    category: str | None,
    previous: UUID | None,
    *,
    item_id: UUID | None = None,
    imported_as: ImportKey | None = None,
) -> Knowledge:
    known = Knowledge(
        id, shop.number, texts, category, previous=previous, item_id=item_id, imported_as=imported_as
    )
    shop.number += 1
    shop.knowledge[id] = known
    show(shop, known)
    return known


def knowledge_unchanged(shop: Shop, given: Given, outcome: out.KnowledgeUnchanged) -> None:
    stop_waiting(shop, given.data)


def knowledge_confirmed(shop: Shop, given: Given, outcome: out.KnowledgeConfirmed) -> None:
    if isinstance(given.data, KnowledgeImported) and given.data.external_id:
        shop.imports[import_key(given.data)] = Import(outcome.knowledge_id)


def knowledge_changed(shop: Shop, given: Given, outcome: out.KnowledgeOutcome) -> None:
    known = shop.knowledge[outcome.knowledge_id]
    if outcome.now is not None:
        known.status, known.superseded_by = outcome.now.status, outcome.now.superseded_by
        known.disputes = outcome.now.disputes
    show(shop, known)


def knowledge_rolled_back(shop: Shop, given: Given, outcome: out.KnowledgeRolledBack) -> None:
    known = shop.knowledge[outcome.knowledge_id]
    if known.superseded_by is not None:
        shop.knowledge[known.superseded_by].previous = known.previous
    knowledge_changed(shop, given, outcome)


def knowledge_revived(shop: Shop, given: Given, outcome: out.KnowledgeRevived) -> None:
    knowledge_changed(shop, given, outcome)
    known = shop.knowledge[outcome.knowledge_id]
    if known.imported_as is not None:
        shop.imports[known.imported_as].knowledge_id = known.id


# Conversations, and what changes nothing


def conversation_stored(shop: Shop, given: Given, outcome: ConversationStored) -> None:
    shop.conversations.setdefault(outcome.id, Conversation()).messages = outcome.messages


def nothing(shop: Shop, given: Given, outcome: Outcome) -> None:
    """This outcome is for tables and readers alone."""


EVOLVE: Mapping[type[Outcome], Callable[[Shop, Given, Any], None]] = {
    **dict.fromkeys(GENERAL, nothing),
    FeedbackStored: nothing,
    CorrectionStored: nothing,
    CallStored: nothing,
    ResponseStored: nothing,
    ConversationStored: conversation_stored,
    ConversationOutdated: nothing,
    out.ItemProposed: item_proposed,
    out.ItemCorroborated: item_corroborated,
    out.ItemUnchanged: nothing,
    out.ItemWithdrawn: item_withdrawn,
    out.ItemDisputed: nothing,
    out.ItemRelated: nothing,
    out.ItemApproved: item_approved,
    out.ItemRejected: item_changed,
    out.ItemAssigned: item_assigned,
    out.ItemReleased: item_released,
    out.ItemRetargeted: item_changed,
    out.ItemReturned: item_changed,
    out.ItemApplied: item_applied,
    out.MergeReverted: merge_reverted,
    out.ItemSplit: item_split,
    out.ItemErased: item_erased,
    out.KnowledgeApplied: knowledge_applied,
    out.KnowledgeImported: knowledge_imported,
    out.KnowledgeEdited: knowledge_edited,
    out.KnowledgeUnchanged: knowledge_unchanged,
    out.KnowledgeConfirmed: knowledge_confirmed,
    out.EchoIgnored: nothing,
    out.KnowledgeDisputed: knowledge_changed,
    out.KnowledgeSuperseded: knowledge_changed,
    out.KnowledgeRetracted: knowledge_changed,
    out.KnowledgeRolledBack: knowledge_rolled_back,
    out.KnowledgeRevived: knowledge_revived,
    out.KnowledgeErased: knowledge_erased,
    out.SubjectErased: subject_erased,
}
