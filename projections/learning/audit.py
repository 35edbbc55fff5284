"""Who did what, when: one row for each outcome, of ids, states and numbers, never of people's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from pydantic import BaseModel

from projections.change import Change, Statement
from projections.learning.values import as_json, moment
from projections.projection import Logged
from schemas import learning as out
from schemas.correction import ResponseCorrected
from schemas.identity import NAMESPACE
from schemas.outcome import (
    DeadLettered,
    DuplicateIgnored,
    InputAbsent,
    InputMoved,
    Outcome,
    PolicyAdopted,
    RequestRefused,
    RetentionAdvanced,
    TopicsReconnected,
)
from schemas.standing import Source
from schemas.stored import (
    CallStored,
    ConversationOutdated,
    ConversationStored,
    CorrectionStored,
    FeedbackStored,
    ResponseStored,
)

POLICY = "policy"
"""The actor where nobody but the policy decided."""


class AuditRow(NamedTuple):
    shop_id: int
    id: UUID
    at: datetime
    actor: str | None
    action: str
    entity: str
    entity_id: str | None
    before: str | None
    after: str | None
    event_id: str | None
    topic: str
    log_partition: int
    log_offset: int
    policy: str


ADD = Statement("add_audit", AuditRow)

TOLD: Mapping[type[Outcome], tuple[str, ...]] = {
    DuplicateIgnored: (),
    DeadLettered: ("reason",),
    InputMoved: ("home",),
    InputAbsent: ("topic", "first", "last"),
    TopicsReconnected: ("inputs", "enriched"),
    PolicyAdopted: ("policy_hash", "embedding_model", "partitions"),
    RetentionAdvanced: ("before",),
    RequestRefused: ("reason", "entity", "state"),
    FeedbackStored: (),
    CorrectionStored: (),
    CallStored: ("sentiment", "analyser"),
    ResponseStored: (),
    ConversationStored: ("messages", "review_reasons"),
    ConversationOutdated: ("messages",),
    out.ItemProposed: ("source", "conflicts_with"),
    out.ItemCorroborated: ("source", "similarity", "filled", "conflicts_with"),
    out.ItemDisputed: ("source_id", "similarity"),
    out.ItemRelated: ("source_id", "similarity"),
    out.ItemApproved: ("by", "reviewer_id", "edited"),
    out.ItemRejected: ("reviewer_id",),
    out.ItemAssigned: ("reviewer_id",),
    out.ItemReleased: ("reviewer_id", "why"),
    out.ItemRetargeted: (),
    out.ItemReturned: ("why",),
    out.ItemApplied: ("knowledge_id",),
    out.MergeReverted: ("source_id", "new_item_id"),
    out.ItemSplit: ("source", "split_from"),
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
}
"""What an outcome's row tells beside the new state. Words have no place here."""

APPLYING = (
    out.ItemApplied,
    out.KnowledgeApplied,
    out.KnowledgeSuperseded,
    out.ItemRetargeted,
    out.ItemReturned,
)
"""What follows from applying an item."""


def audit(log: Logged, index: int, outcome: Outcome) -> Change:
    """The row of the outcome with this index."""
    kind = type(outcome)
    record = log.record
    event = record.event
    row = AuditRow(
        outcome.shop_id,
        uuid5(NAMESPACE, f"{log.topic}/{log.partition}/{log.offset}/{index}"),
        log.at,
        actor(log, outcome),
        kind.__name__,
        kind.ENTITY,
        outcome.entity_id,
        before(outcome),
        after(outcome, TOLD[kind]),
        None if event is None else str(event.id),
        log.topic,
        log.partition,
        log.offset,
        record.policy,
    )
    return Change(ADD, row)


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
    person: str | None = field(data, "actor_id") or field(data, "adopted_by")
    return person or event.source


def is_policys(data: Any, outcome: Outcome) -> bool:
    """Approved by urgency or confidence, applied for urgency, or released because time had passed."""
    match outcome:
        case out.ItemApproved(by=by):
            return by != "reviewer"
        case out.ItemReleased(why=why):
            return why == "expired"
    return isinstance(outcome, APPLYING) and isinstance(data, ResponseCorrected)


def before(outcome: Outcome) -> str | None:
    was: BaseModel | None = field(outcome, "was")
    return None if was is None else as_json(plain(was))


def after(outcome: Outcome, told: tuple[str, ...]) -> str | None:
    now: BaseModel | None = field(outcome, "now")
    if now is None and not told:
        return None
    said: dict[str, Any] = {} if now is None else plain(now)
    for name in told:
        value = getattr(outcome, name)
        if value is not None:
            said[name] = PLAIN.get(type(value), as_it_is)(value)
    return as_json(said)


def field(model: BaseModel, name: str) -> Any:
    """The field's value; None where this kind has no such field, which pydantic takes long to say itself."""
    return model.__dict__.get(name)


def plain(part: BaseModel) -> dict[str, Any]:
    """A state or a source: flat, so that its fields can be written as they are."""
    return dict(part)


def as_it_is(value: Any) -> Any:
    return value


PLAIN: Mapping[type[Any], Callable[[Any], Any]] = {Source: plain, datetime: moment}
"""How values are written that JSON has no word for."""
