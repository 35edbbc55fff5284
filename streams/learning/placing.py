"""Where something new belongs: it confirms knowledge, strengthens an item, or is an item of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Literal
from uuid import UUID

from schemas import learning as out
from schemas.identity import identity
from schemas.knowledge import KnowledgeProposed
from schemas.outcome import Outcome
from schemas.policy import LearningPolicy
from schemas.standing import ItemState, Parts, SecondPairFor, Source, SourceType
from streams.domain import Given
from streams.learning.applying import apply_item, head_for
from streams.learning.confidence import confidence, groups
from streams.learning.eyes import is_needed, news
from streams.learning.matching import Neighbour, neighbours
from streams.learning.reading import texts_at
from streams.learning.state import KINDS, Item, Knowledge, Said, Shop, Texts


@dataclass(frozen=True, slots=True)
class Candidate:
    """What might become an item, with the id that it would have."""

    item_id: UUID
    source: Source
    parts: Parts
    texts: Texts
    category: str | None = None
    second_pair_for: SecondPairFor | None = None

    @property
    def said(self) -> Said:
        """As a source of an item."""
        return Said(self.source, self.texts, self.category, second_pair_for=self.second_pair_for)


def candidate(
    given: Given,
    source_type: SourceType,
    base_confidence: int,
    parts: Parts,
    *,
    source_id: UUID | None = None,
    item_id: UUID | None = None,
    second_pair_for: SecondPairFor | None = None,
) -> Candidate:
    """The candidate that this event makes of these parts."""
    data = given.data
    source = Source(
        source_id=source_id or given.event.id,
        source_type=source_type,
        base_confidence=base_confidence,
        conversation_id=data.conversation,
        actor_id=data.actor_id,
    )
    return Candidate(
        item_id or identity(given.shop_id, given.event.id, "item"),
        source,
        parts,
        texts_at(given, parts),
        getattr(data, "category", None),
        second_pair_for,
    )


def place(
    shop: Shop, policy: LearningPolicy, given: Given, new: Candidate, *, urgent: bool = False
) -> Iterator[Outcome]:
    """Decides about a candidate that says what should be known."""
    if not new.texts:
        return
    near = neighbours(shop, policy, new.texts)
    if known := next((n for n in near if n.is_knowledge and n.relation == "same"), None):
        yield confirmed(shop, policy, given, new.source.source_id, known, near)
        return
    item_id = new.item_id
    if home := next((n for n in near if may_join(shop, n, new)), None):
        item_id = home.entity.id
        yield corroborated(policy, given, new, home, near)
    else:
        yield proposed(policy, given, new, near)
    yield from afterwards(shop, policy, given, shop.items[item_id], urgent=urgent)


def afterwards(
    shop: Shop, policy: LearningPolicy, given: Given, item: Item, *, urgent: bool = False
) -> Iterator[Outcome]:
    """What the policy does of itself with an item that was just proposed or strengthened."""
    if item.needs_second_pair:
        return
    if urgent and item.texts.answer and item.live and is_trusted(policy, given.event.source):
        if item.status == "pending":
            yield approved(shop, policy, given, item, "urgency")
        yield from apply_item(shop, policy, given, item)
    elif may_approve_itself(shop, policy, item):
        yield approved(shop, policy, given, item, "confidence")


def may_join(shop: Shop, near: Neighbour, new: Candidate) -> bool:
    """An item whose answer is the same, or is missing here or there, unless they were taken apart."""
    return (
        isinstance(near.entity, Item)
        and near.relation != "different"
        and (near.entity.id, new.source.source_id) not in shop.apart
    )


def is_trusted(policy: LearningPolicy, source: str) -> bool:
    """Whether the policy lets this source have urgent corrections applied at once."""
    return any(fnmatchcase(source, pattern) for pattern in policy.urgent_sources)


def may_approve_itself(shop: Shop, policy: LearningPolicy, item: Item) -> bool:
    """Auto-approval needs an answer, two groups of sources, and nothing that contradicts."""
    if policy.auto_approve_at is None or item.status != "pending" or item.texts.answer is None:
        return False
    if item.confidence < policy.auto_approve_at or len(groups([s.source for s in item.speaking])) < 2:
        return False
    near = neighbours(shop, policy, item.texts)
    return not any(n.relation == "different" for n in near) and not any(
        shop.items[id].live for id in item.conflicts
    )


def confirmed(
    shop: Shop,
    policy: LearningPolicy,
    given: Given,
    source_id: UUID,
    known: Neighbour,
    near: Sequence[Neighbour],
) -> Outcome:
    """Known already: evidence for it, unless it was said from the knowledge base in the first place."""
    id, similarity = known.entity.id, known.answer_similarity or known.similarity
    if isinstance(given.data, KnowledgeProposed) and given.data.origin == "assistant":
        return out.EchoIgnored(
            shop_id=given.shop_id,
            knowledge_id=id,
            source_id=source_id,
            why="assistant",
            similarity=similarity,
        )
    if id in cited(shop, policy, given):
        return out.EchoIgnored(
            shop_id=given.shop_id, knowledge_id=id, source_id=source_id, why="cited", similarity=similarity
        )
    return out.KnowledgeConfirmed(
        shop_id=given.shop_id,
        knowledge_id=id,
        source_id=source_id,
        similarity=similarity,
        matches=tuple(n.match for n in near),
    )


def cited(shop: Shop, policy: LearningPolicy, given: Given) -> set[UUID]:
    """Knowledge that the event or its conversation cites, lately enough."""
    found = set(given.data.cited_knowledge_ids)
    conversation = shop.conversations.get(given.data.conversation) if given.data.conversation else None
    if conversation is not None:
        recent = timedelta(days=policy.citation_days)
        found |= {id for id, at in conversation.cited.items() if given.at - at < recent}
    return found


def proposed(
    policy: LearningPolicy,
    given: Given,
    new: Candidate,
    near: Sequence[Neighbour],
    target: UUID | None = None,
) -> out.ItemProposed:
    """An item of its own, in conflict with the items that answer otherwise."""
    known = next((n.entity.id for n in near if n.is_knowledge), None)
    return out.ItemProposed(
        shop_id=given.shop_id,
        item_id=new.item_id,
        source=new.source,
        parts=new.parts,
        category=new.category,
        now=ItemState(
            status="pending",
            version=1,
            confidence=confidence([new.source], policy.calibration),
            target=target or known,
        ),
        conflicts_with=different_items(near),
        matches=tuple(n.match for n in near),
        second_pair_for=new.second_pair_for,
        needs_second_pair=is_needed([new.said]) or None,
    )


def corroborated(
    policy: LearningPolicy, given: Given, new: Candidate, at: Neighbour, near: Sequence[Neighbour]
) -> out.ItemCorroborated:
    """Another source of an item. What the item lacks is filled while it is pending."""
    item = at.entity
    assert isinstance(item, Item)
    pending = item.status == "pending"
    filled = tuple(k for k in KINDS if pending and item.texts.of(k) is None and new.texts.of(k) is not None)
    category = item.category or (new.category if pending else None)
    changed = bool({"question", "answer"} & set(filled)) or category != item.category
    return out.ItemCorroborated(
        shop_id=given.shop_id,
        item_id=item.id,
        source=new.source,
        parts=new.parts,
        similarity=at.similarity,
        filled=filled,
        category=category,
        was=item.state,
        now=item.state.model_copy(
            update={
                "version": item.version + changed,
                "confidence": confidence(
                    [*(s.source for s in item.speaking), new.source], policy.calibration
                ),
            }
        ),
        conflicts_with=different_items(near),
        matches=tuple(n.match for n in near),
        second_pair_for=new.second_pair_for,
        needs_second_pair=news(item, [*item.speaking, new.said]),
    )


def different_items(near: Sequence[Neighbour]) -> tuple[UUID, ...]:
    return tuple(n.entity.id for n in near if n.relation == "different" and not n.is_knowledge)


def approved(
    shop: Shop, policy: LearningPolicy, given: Given, item: Item, by: Literal["urgency", "confidence"]
) -> out.ItemApproved:
    """The policy approves; the target is fixed."""
    state = item.state
    return out.ItemApproved(
        shop_id=given.shop_id,
        item_id=item.id,
        by=by,
        category=item.category,
        was=state,
        now=state.model_copy(
            update={
                "status": "approved",
                "version": item.version + 1,
                "target": head_for(shop, policy, item.target, item.texts),
            }
        ),
    )


def disputed(shop_id: int, known: Knowledge, source_id: UUID) -> out.KnowledgeDisputed:
    """A customer was not content with what is known."""
    state = known.state
    return out.KnowledgeDisputed(
        shop_id=shop_id,
        knowledge_id=known.id,
        source_id=source_id,
        was=state,
        now=state.model_copy(update={"disputes": known.disputes + 1}),
    )
