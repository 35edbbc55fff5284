"""The learning projection: which outcome is shown by which handler."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from projections.learning import conversations, erasure, events, knowledge, merges, queue, retention
from projections.learning.audit import audit
from projections.projection import GENERAL, Handler, Monthly, Projection, nothing
from schemas import learning as out
from schemas.outcome import Outcome, RetentionAdvanced
from schemas.record import RecordCodec
from schemas.stored import (
    CallStored,
    ConversationOutdated,
    ConversationStored,
    CorrectionStored,
    FeedbackStored,
    ResponseStored,
)
from schemas.topics import LEARNING

HANDLERS: Mapping[type[Outcome], Handler] = {
    **GENERAL,
    RetentionAdvanced: retention.advanced,
    FeedbackStored: events.feedback,
    CorrectionStored: events.correction,
    CallStored: events.call,
    ResponseStored: events.response,
    ConversationStored: conversations.stored,
    ConversationOutdated: nothing,
    out.ItemProposed: queue.proposed,
    out.ItemCorroborated: queue.corroborated,
    out.ItemUnchanged: nothing,
    out.ItemWithdrawn: queue.becomes,
    out.ItemDisputed: queue.disputed,
    out.ItemRelated: queue.related,
    out.ItemApproved: queue.approved,
    out.ItemRejected: queue.rejected,
    out.ItemAssigned: queue.assigned,
    out.ItemReleased: queue.released,
    out.ItemRetargeted: queue.becomes,
    out.ItemReturned: queue.returned,
    out.ItemApplied: queue.applied,
    out.ItemSplit: merges.split,
    out.MergeReverted: merges.reverted,
    out.ItemErased: erasure.item,
    out.KnowledgeApplied: knowledge.applied,
    out.KnowledgeImported: knowledge.imported,
    out.KnowledgeEdited: knowledge.edited,
    out.KnowledgeUnchanged: nothing,
    out.KnowledgeConfirmed: nothing,
    out.EchoIgnored: nothing,
    out.KnowledgeDisputed: knowledge.becomes,
    out.KnowledgeSuperseded: knowledge.becomes,
    out.KnowledgeRetracted: knowledge.becomes,
    out.KnowledgeRolledBack: knowledge.becomes,
    out.KnowledgeRevived: knowledge.becomes,
    out.KnowledgeErased: erasure.known,
    out.SubjectErased: erasure.subject,
}

PROJECTION = Projection(
    name=LEARNING.name,
    log=LEARNING.log.name,
    codec=RecordCodec(LEARNING.types, out.OUTCOMES),
    handlers=HANDLERS,
    audit=audit,
    sql=Path(__file__).with_name("sql"),
    months={
        FeedbackStored: Monthly("conversation_feedback"),
        ResponseStored: Monthly("response_analytics"),
    },
    loaded_after="0013_metrics",
)
