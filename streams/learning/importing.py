"""Imports: knowledge at once, or items where the policy asks for a second pair of eyes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from uuid import UUID

from schemas import learning as out
from schemas.identity import identity
from schemas.knowledge import KnowledgeImported
from schemas.outcome import Outcome
from schemas.policy import LearningPolicy
from schemas.standing import KnowledgeState
from streams.domain import Given
from streams.learning.applying import superseding
from streams.learning.matching import Neighbour, neighbours
from streams.learning.placing import (
    Candidate,
    afterwards,
    candidate,
    confirmed,
    corroborated,
    may_join,
    place,
    proposed,
)
from streams.learning.reading import parts_of, text_at
from streams.learning.remembering import head, import_content, import_key, item_of
from streams.learning.state import Import, Item, Knowledge, Shop


def on_import(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """The same external id again replaces what it brought, unless people have changed that."""
    data: KnowledgeImported = given.data
    earlier = shop.imports.get(import_key(data)) if data.external_id else None
    if earlier is not None and is_the_same(shop, earlier, data):
        yield from once_more(shop, policy, given, earlier)
        return
    if text_at(given, "answer") is None:
        return
    if earlier is not None:
        yield from withdrawn(shop, given, earlier)
    known = head(shop, data)
    how = in_an_item if policy.two_pairs_of_eyes.imports else at_once
    yield from how(shop, policy, given, known)


# The same again


def is_the_same(shop: Shop, earlier: Import, data: KnowledgeImported) -> bool:
    """Whether just this was imported last. An item that was erased says nothing that could be the same."""
    item = item_of(shop, earlier)
    return earlier.content == import_content(data) and (item is None or bool(item.speaking))


def once_more(shop: Shop, policy: LearningPolicy, given: Given, earlier: Import) -> Iterator[Outcome]:
    """Nothing new, unless it still waits for a second pair of eyes, and somebody else imports it now."""
    item = item_of(shop, earlier)
    if item is None or item.status == "applied":
        assert earlier.knowledge_id is not None, "what is imported is an item or known"
        yield out.KnowledgeUnchanged(shop_id=given.shop_id, knowledge_id=earlier.knowledge_id)
        return
    new = of_import(policy, given)
    near = neighbours(shop, policy, new.texts) if is_news_from(item, given.data.actor_id) else []
    if home := next((n for n in near if n.entity is item and may_join(shop, n, new)), None):
        yield from joined(shop, policy, given, new, home, near)
    else:
        yield out.ItemUnchanged(shop_id=given.shop_id, item_id=item.id)


def is_news_from(item: Item, actor: str | None) -> bool:
    """Whether the item has it from others alone, and not from this person."""
    return actor is not None and all(said.source.actor_id != actor for said in item.speaking)


def withdrawn(shop: Shop, given: Given, earlier: Import) -> Iterator[Outcome]:
    """An item that was imported under this id and is not applied yet, and that nobody else speaks for."""
    item = item_of(shop, earlier)
    key = import_key(given.data)
    if item is not None and item.live and all(said.imported_as == key for said in item.speaking):
        yield out.ItemWithdrawn(
            shop_id=given.shop_id,
            item_id=item.id,
            was=item.state,
            now=item.state.model_copy(update={"status": "rejected", "version": item.version + 1}),
        )


# Live at once


def at_once(shop: Shop, policy: LearningPolicy, given: Given, known: Knowledge | None) -> Iterator[Outcome]:
    """New knowledge, instead of what the same id brought before; an item if people have changed that."""
    new = of_import(policy, given)
    if known is not None and not shop.is_as_imported(known):
        yield from place(shop, policy, given, new)
        return
    near = neighbours(shop, policy, new.texts)
    if known is not None:
        yield from imported(shop, policy, given, known.id, near)
    elif (same := same_knowledge(near)) is not None:
        yield confirmed(shop, policy, given, given.event.id, same, near)
    else:
        yield from imported(shop, policy, given, None, near)


def imported(
    shop: Shop, policy: LearningPolicy, given: Given, old: UUID | None, near: Sequence[Neighbour]
) -> Iterator[Outcome]:
    id = identity(given.shop_id, given.event.id, "knowledge")
    yield out.KnowledgeImported(
        shop_id=given.shop_id,
        knowledge_id=id,
        supersedes=old,
        now=KnowledgeState(status="live"),
        conflicts_with=tuple(n.entity.id for n in near if n.relation == "different" and n.entity.id != old),
        matches=tuple(n.match for n in near),
    )
    yield from superseding(shop, policy, given, old, id)


def of_import(policy: LearningPolicy, given: Given) -> Candidate:
    asks = policy.two_pairs_of_eyes.imports
    return candidate(
        given,
        "manual",
        policy.base_confidence.proposal,
        parts_of(given),
        second_pair_for="import" if asks else None,
    )


def same_knowledge(near: Sequence[Neighbour]) -> Neighbour | None:
    return next((n for n in near if n.is_knowledge and n.relation == "same"), None)


# A second pair of eyes


def in_an_item(
    shop: Shop, policy: LearningPolicy, given: Given, known: Knowledge | None
) -> Iterator[Outcome]:
    """An item that aims at what the same id brought before. Otherwise it is compared as if it were live at once:
    what says the same is confirmed or joined, and what lacks an answer stays by itself.
    """
    new = of_import(policy, given)
    near = neighbours(shop, policy, new.texts)
    if known is not None and shop.is_as_imported(known):
        if says(known, given.data):
            yield out.KnowledgeUnchanged(shop_id=given.shop_id, knowledge_id=known.id)
        else:
            yield proposed(policy, given, new, near, known.id)
    elif (same := same_knowledge(near)) is not None:
        yield confirmed(shop, policy, given, given.event.id, same, near)
    elif home := next((n for n in near if n.relation == "same" and may_join(shop, n, new)), None):
        yield from joined(shop, policy, given, new, home, near)
    else:
        yield proposed(policy, given, new, near)


def says(known: Knowledge, data: KnowledgeImported) -> bool:
    """Whether this is word for word what is known."""
    question, answer = known.texts.question, known.texts.answer
    return import_content(data) == (answer and answer.words, question and question.words, known.category)


def joined(
    shop: Shop,
    policy: LearningPolicy,
    given: Given,
    new: Candidate,
    home: Neighbour,
    near: Sequence[Neighbour],
) -> Iterator[Outcome]:
    yield corroborated(policy, given, new, home, near)
    yield from afterwards(shop, policy, given, shop.items[home.entity.id])
