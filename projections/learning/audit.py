"""Who is behind what learning decides, and what the audit tells of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from projections.audit import GENERAL, POLICY, Told, audit_row, field
from projections.change import Change, Statement
from projections.learning import keys
from projections.projection import Logged
from schemas import learning as out
from schemas.correction import ResponseCorrected
from schemas.identity import NAMESPACE
from schemas.outcome import Outcome, PolicyAdopted
from schemas.stored import (
    CallStored,
    ConversationOutdated,
    ConversationStored,
    CorrectionStored,
    EventStored,
    FeedbackStored,
    ResponseStored,
)

SECOND_PAIR = ("second_pair_for", "needs_second_pair")

TOLD: Told = {
    **GENERAL,
    FeedbackStored: (),
    CorrectionStored: (),
    CallStored: ("sentiment", "analyser"),
    ResponseStored: (),
    ConversationStored: ("messages", "review_reasons"),
    ConversationOutdated: ("messages",),
    out.ItemProposed: ("source", "conflicts_with", *SECOND_PAIR),
    out.ItemCorroborated: ("source", "similarity", "filled", "conflicts_with", *SECOND_PAIR),
    out.ItemUnchanged: (),
    out.ItemWithdrawn: (),
    out.ItemDisputed: ("source_id", "similarity"),
    out.ItemRelated: ("source_id", "similarity"),
    out.ItemApproved: ("by", "reviewer_id", "edited"),
    out.ItemRejected: ("reviewer_id",),
    out.ItemAssigned: ("reviewer_id",),
    out.ItemReleased: ("reviewer_id", "why"),
    out.ItemRetargeted: (),
    out.ItemReturned: ("why",),
    out.ItemApplied: ("knowledge_id",),
    out.MergeReverted: ("source_id", "new_item_id", "needs_second_pair"),
    out.ItemSplit: ("source", "split_from", "needs_second_pair"),
    out.ItemErased: ("source_ids", "lost", "needs_second_pair"),
    out.KnowledgeApplied: ("item_id", "supersedes"),
    out.KnowledgeImported: ("supersedes", "conflicts_with"),
    out.KnowledgeEdited: ("supersedes", "new_question"),
    out.KnowledgeUnchanged: (),
    out.KnowledgeConfirmed: ("source_id", "similarity"),
    out.EchoIgnored: ("source_id", "why", "similarity"),
    out.KnowledgeDisputed: ("source_id",),
    out.KnowledgeSuperseded: (),
    out.KnowledgeRetracted: ("reviewer_id",),
    out.KnowledgeRolledBack: ("reviewer_id",),
    out.KnowledgeRevived: (),
    out.KnowledgeErased: ("lost",),
    out.SubjectErased: ("conversations", "items", "knowledge", "unfinished", "from_log"),
}
"""What rows of this domain's outcomes tell."""

APPLYING = (
    out.ItemApplied,
    out.KnowledgeApplied,
    out.KnowledgeSuperseded,
    out.ItemRetargeted,
    out.ItemReturned,
)
"""What follows from applying an item."""


def actor(log: Logged, outcome: Outcome) -> str | None:
    """The reviewer, else the policy where it decided by itself, else the person, else the sender."""
    event = log.record.event
    if event is None:
        return POLICY if isinstance(outcome, PolicyAdopted) else None
    data = event.data
    if (reviewer := field(data, "reviewer_id")) is not None:
        return str(reviewer)
    if is_policys(data, outcome):
        return POLICY
    person: str | None = field(data, "actor_id") or field(data, "adopted_by") or field(data, "by")
    return person or event.source


def is_policys(data: Any, outcome: Outcome) -> bool:
    """Approved by urgency or confidence, applied for urgency, or released because time had passed."""
    match outcome:
        case out.ItemApproved(by=by):
            return by != "reviewer"
        case out.ItemReleased(why=why):
            return why == "expired"
    return isinstance(outcome, APPLYING) and isinstance(data, ResponseCorrected)


class ShopAuditRow(NamedTuple):
    shop_id: int
    id: UUID
    topic: str
    at: datetime
    actor: str | None
    action: str
    entity: str
    entity_id: str | None
    before: str | None
    after: str | None
    event_id: str | None
    log_partition: int
    log_offset: int
    policy: str


ADD = Statement("add_audit", ShopAuditRow)


def audit(log: Logged, place: int, outcome: Outcome) -> Change:
    """The row of the outcome with this number in its record, which its id follows from."""
    id = uuid5(NAMESPACE, f"{log.topic}/{log.partition}/{log.offset}/{place}")
    row = audit_row(log, place, outcome, TOLD, actor)
    # An erasure finds by the audit which events are a person's.
    reads = (keys.kept(log.partition),) if isinstance(outcome, EventStored) else ()
    return Change(ADD, ShopAuditRow(outcome.shop_id, id, log.topic, *row[:-1]), reads=reads)
