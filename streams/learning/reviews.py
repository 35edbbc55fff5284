"""What reviewers decide: verdicts, assignments, applying, changes of knowledge, merges undone. Also the clock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from schemas import learning as out
from schemas.identity import identity
from schemas.outcome import Outcome, RequestRefused
from schemas.policy import LearningPolicy
from schemas.standing import ItemState, KnowledgeState
from streams.domain import Given
from streams.learning.applying import (
    LIVE,
    apply_item,
    head_for,
    retargeted,
    returned,
    superseded,
    superseding,
)
from streams.learning.confidence import confidence
from streams.learning.eyes import is_needed, is_own, news
from streams.learning.reading import text_at, to_words
from streams.learning.state import Item, Knowledge, Said, Shop, State, Texts, earliest


def refused(given: Given, reason: str, entity: str, id: UUID, state: str | None = None) -> RequestRefused:
    return RequestRefused(shop_id=given.shop_id, reason=reason, entity=entity, id=id, state=state)


def refuse_item(given: Given, reason: str, item: Item) -> RequestRefused:
    return refused(given, reason, "item", item.id, item.status)


def is_anothers(item: Item, reviewer: UUID) -> bool:
    """Whether another reviewer holds this item."""
    return item.assigned_to is not None and item.assigned_to != reviewer


# Verdicts


def on_approval(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """Pending becomes approved, with the reviewer's wording where given; the target is fixed."""
    data = given.data
    item = shop.items.get(data.item_id)
    if item is None:
        yield refused(given, "unknown", "item", data.item_id)
    elif reason := why_not(item, given, ("pending",)):
        yield refuse_item(given, reason, item)
    elif is_own(item, data.reviewer_id):
        yield refuse_item(given, "own_source", item)
    elif (edited := text_at(given, "answer")) is None and item.texts.answer is None:
        yield refuse_item(given, "answer_required", item)
    else:
        texts = Texts(item.texts.question, edited or item.texts.answer, item.texts.complaint)
        yield out.ItemApproved(
            shop_id=given.shop_id,
            item_id=item.id,
            by="reviewer",
            reviewer_id=data.reviewer_id,
            edited=edited is not None,
            category=data.category or item.category,
            was=item.state,
            now=item.state.model_copy(
                update={
                    "status": "approved",
                    "version": item.version + 1,
                    "target": head_for(shop, policy, item.target, texts),
                }
            ),
        )


def on_rejection(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """Pending or approved becomes rejected."""
    item = shop.items.get(given.data.item_id)
    if item is None:
        yield refused(given, "unknown", "item", given.data.item_id)
    elif reason := why_not(item, given, ("pending", "approved")):
        yield refuse_item(given, reason, item)
    else:
        yield out.ItemRejected(
            shop_id=given.shop_id,
            item_id=item.id,
            reviewer_id=given.data.reviewer_id,
            was=item.state,
            now=item.state.model_copy(update={"status": "rejected", "version": item.version + 1}),
        )


def why_not(item: Item, given: Given, allowed: tuple[str, ...]) -> str | None:
    """Why this verdict cannot be; None if it can."""
    if item.status not in allowed:
        return f"not_{'_or_'.join(allowed)}"
    if is_anothers(item, given.data.reviewer_id):
        return "assigned"
    if given.data.item_version is not None and given.data.item_version != item.version:
        return "stale"
    return None


# Assignments


def on_assignment(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """A reviewer takes pending items that nobody else holds."""
    for id in dict.fromkeys(given.data.item_ids):
        item = shop.items.get(id)
        if item is None:
            yield refused(given, "unknown", "item", id)
        elif item.status != "pending":
            yield refuse_item(given, "not_pending", item)
        elif is_anothers(item, given.data.reviewer_id):
            yield refuse_item(given, "assigned", item)
        else:
            yield out.ItemAssigned(shop_id=given.shop_id, item_id=id, reviewer_id=given.data.reviewer_id)


def on_release(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """A reviewer gives back what is assigned to them."""
    for id in dict.fromkeys(given.data.item_ids):
        item = shop.items.get(id)
        if item is None:
            yield refused(given, "unknown", "item", id)
        elif item.assigned_to is None:
            yield refuse_item(given, "not_assigned", item)
        elif is_anothers(item, given.data.reviewer_id):
            yield refuse_item(given, "assigned", item)
        else:
            yield out.ItemReleased(
                shop_id=given.shop_id, item_id=id, reviewer_id=given.data.reviewer_id, why="released"
            )


def on_tick(state: State, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """Assignments end when they have lasted long enough."""
    longest = timedelta(minutes=policy.assignment_minutes)
    for shop_id, item in list(state.assignments()):
        if item.assigned_to and item.assigned_at and given.at - item.assigned_at >= longest:
            yield out.ItemReleased(
                shop_id=shop_id, item_id=item.id, reviewer_id=item.assigned_to, why="expired"
            )


# Applying


def on_apply(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """Approved items become knowledge, oldest first."""
    oldest = sorted((shop.items[id] for id in shop.approved), key=lambda item: item.number)
    for item in oldest[: given.data.limit]:
        yield from apply_item(shop, policy, given, item)


# Changes of knowledge


def on_edit(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """A new version supersedes the one that was edited."""
    known = shop.knowledge.get(given.data.knowledge_id)
    if known is None or not known.live:
        yield not_live(given, known)
    elif text_at(given, "answer") is None:
        yield refused(given, "answer_required", "knowledge", known.id, known.status)
    else:
        id = identity(given.shop_id, given.event.id, "knowledge")
        asked = text_at(given, "question") is not None
        yield out.KnowledgeEdited(
            shop_id=given.shop_id, knowledge_id=id, supersedes=known.id, new_question=asked, now=LIVE
        )
        yield from superseding(shop, policy, given, known.id, id)


def on_retraction(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """Live knowledge ends."""
    known = shop.knowledge.get(given.data.knowledge_id)
    if known is None or not known.live:
        yield not_live(given, known)
        return
    yield out.KnowledgeRetracted(
        shop_id=given.shop_id,
        knowledge_id=known.id,
        reviewer_id=given.data.reviewer_id,
        was=known.state,
        now=retracted(known),
    )
    yield from retargeted(shop, policy, given, known.id)


def on_roll_back(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """One version is undone: of the head, its predecessor is live again, if it still says something; a superseded
    one leaves the chain.
    """
    known = shop.knowledge.get(given.data.knowledge_id)
    if known is None or known.status == "retracted":
        yield not_live(given, known)
        return
    was_head, after = known.live, known.superseded_by
    before = shop.knowledge[known.previous] if known.previous else None
    yield out.KnowledgeRolledBack(
        shop_id=given.shop_id,
        knowledge_id=known.id,
        reviewer_id=given.data.reviewer_id,
        was=known.state,
        now=retracted(known),
    )
    if was_head:
        yield from undone(shop, policy, given, known, before)
    elif before is not None and after is not None:
        yield superseded(given, before, after)


def undone(
    shop: Shop, policy: LearningPolicy, given: Given, known: Knowledge, before: Knowledge | None
) -> Iterator[Outcome]:
    if before is not None and before.status == "superseded" and before.texts.answer is not None:
        yield out.KnowledgeRevived(
            shop_id=given.shop_id,
            knowledge_id=before.id,
            was=before.state,
            now=KnowledgeState(status="live", disputes=before.disputes),
        )
    item = shop.items.get(known.item_id) if known.item_id else None
    if item is not None and item.status == "applied":
        target = before.id if before is not None and before.live else None
        yield returned(given, item, "rolled_back", target or head_for(shop, policy, None, item.texts))
    for other in shop.pending_for(known.id):
        target = (
            before.id if before is not None and before.live else head_for(shop, policy, None, other.texts)
        )
        yield out.ItemRetargeted(
            shop_id=given.shop_id,
            item_id=other.id,
            was=other.state,
            now=other.state.model_copy(update={"target": target, "version": other.version + 1}),
        )


def retracted(known: Knowledge) -> KnowledgeState:
    return KnowledgeState(status="retracted", disputes=known.disputes)


def not_live(given: Given, known: Knowledge | None) -> RequestRefused:
    if known is None:
        return refused(given, "unknown", "knowledge", given.data.knowledge_id)
    return refused(given, "not_live", "knowledge", known.id, known.status)


# Merges


def on_merge_reverted(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """One source leaves an item and gets its own; both keep what their own sources say."""
    data = given.data
    item = shop.items.get(data.item_id)
    if item is None:
        yield refused(given, "unknown", "item", data.item_id)
        return
    leaving = next((s for s in item.sources if s.source.source_id == data.source_id), None)
    if item.status != "pending":
        yield refuse_item(given, "not_pending", item)
    elif is_anothers(item, data.reviewer_id):
        yield refuse_item(given, "assigned", item)
    elif leaving is None or not leaving.texts:
        yield refuse_item(given, "unknown_source", item)
    elif len(item.speaking) == 1:
        yield refuse_item(given, "last_source", item)
    else:
        yield from taken_apart(shop, policy, given, item, leaving)


def taken_apart(
    shop: Shop, policy: LearningPolicy, given: Given, item: Item, leaving: Said
) -> Iterator[Outcome]:
    remaining = [said for said in item.speaking if said is not leaving]
    new_id = identity(given.shop_id, given.event.id, "item")
    yield out.ItemSplit(
        shop_id=given.shop_id,
        item_id=new_id,
        split_from=item.id,
        source=leaving.source,
        words=to_words(leaving.texts, leaving.category),
        now=ItemState(
            status="pending",
            version=1,
            confidence=confidence([leaving.source], policy.calibration),
            target=head_for(shop, policy, None, leaving.texts),
        ),
        needs_second_pair=is_needed([leaving]) or None,
    )
    yield out.MergeReverted(
        shop_id=given.shop_id,
        item_id=item.id,
        source_id=leaving.source.source_id,
        new_item_id=new_id,
        words=to_words(earliest(remaining), next((s.category for s in remaining if s.category), None)),
        was=item.state,
        now=item.state.model_copy(
            update={
                "version": item.version + 1,
                "confidence": confidence([said.source for said in remaining], policy.calibration),
            }
        ),
        needs_second_pair=news(item, remaining),
    )
