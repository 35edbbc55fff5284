"""The rows of the statements that change the queue."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pgvector import Vector

from projections.change import Statement, replace
from projections.learning.values import joined


class ProposedRow(NamedTuple):
    shop_id: int
    id: UUID
    status: str
    source_type: str
    source_id: UUID
    content: str
    question: str | None
    category: str | None
    embedding: Vector | None
    question_embedding: Vector | None
    confidence: int
    version: int
    metadata: str
    created_at: datetime
    at: datetime


class CorroboratedRow(NamedTuple):
    """`kind`, `content`, `embedding`: an answer or complaint that the item lacked; `kind` is None without."""

    shop_id: int
    id: UUID
    status: str
    version: int
    confidence: int
    target: UUID | None
    category: str | None
    question: str | None
    question_embedding: Vector | None
    kind: str | None
    content: str | None
    embedding: Vector | None
    sources: str
    neighbours: str
    conflicts: str
    at: datetime


class LinkRow(NamedTuple):
    shop_id: int
    id: UUID
    conflicts: str
    at: datetime


class NoteRow(NamedTuple):
    shop_id: int
    id: UUID
    disputed_by: str
    related: str
    at: datetime


class StateRow(NamedTuple):
    shop_id: int
    id: UUID
    status: str
    version: int
    confidence: int
    target: UUID | None
    at: datetime


class SecondPairRow(NamedTuple):
    shop_id: int
    id: UUID
    needed: bool
    at: datetime


class ApprovedRow(NamedTuple):
    shop_id: int
    id: UUID
    category: str | None
    reviewer_id: UUID | None
    content: str | None
    embedding: Vector | None
    at: datetime


class RejectedRow(NamedTuple):
    shop_id: int
    id: UUID
    reviewer_id: UUID
    at: datetime


class AssignedRow(NamedTuple):
    shop_id: int
    id: UUID
    assigned_to: UUID | None
    assigned_at: datetime | None
    at: datetime


class ItemRow(NamedTuple):
    shop_id: int
    id: UUID
    at: datetime


class CorrectionsRow(NamedTuple):
    shop_id: int
    item_id: UUID
    applied_at: datetime | None


class SourceRow(NamedTuple):
    shop_id: int
    item_id: UUID
    source_id: UUID
    source_type: str
    conversation_id: UUID | None
    actor_id: str | None
    base_confidence: int
    similarity: float | None
    at: datetime


class MovedSourceRow(NamedTuple):
    shop_id: int
    item_id: UUID
    source_id: UUID
    new_item_id: UUID


class RevertedRow(NamedTuple):
    shop_id: int
    id: UUID
    source_id: UUID
    kind: str
    content: str
    embedding: Vector | None
    question: str | None
    question_embedding: Vector | None
    category: str | None
    at: datetime


class SplitRow(NamedTuple):
    shop_id: int
    id: UUID
    split_from: UUID
    source_id: UUID
    status: str
    source_type: str
    content: str
    question: str | None
    category: str | None
    embedding: Vector | None
    question_embedding: Vector | None
    confidence: int
    version: int
    metadata: str
    created_at: datetime
    at: datetime


def corroborated_twice(earlier: CorroboratedRow, later: CorroboratedRow) -> CorroboratedRow:
    """Both at once: lists joined, gaps filled as the statement itself fills them, the rest the later's."""
    first_question = earlier if later.question is None else later
    content = later if later.kind == "answer" or earlier.kind is None else earlier
    return later._replace(
        question=first_question.question,
        question_embedding=first_question.question_embedding,
        kind=content.kind,
        content=content.content,
        embedding=content.embedding,
        sources=joined(earlier.sources, later.sources),
        neighbours=joined(earlier.neighbours, later.neighbours),
        conflicts=joined(earlier.conflicts, later.conflicts),
    )


def linked_twice(earlier: LinkRow, later: LinkRow) -> LinkRow:
    return later._replace(conflicts=joined(earlier.conflicts, later.conflicts))


def noted_twice(earlier: NoteRow, later: NoteRow) -> NoteRow:
    return later._replace(
        disputed_by=joined(earlier.disputed_by, later.disputed_by),
        related=joined(earlier.related, later.related),
    )


PROPOSE = Statement("propose_item", ProposedRow)
CORROBORATE = Statement("corroborate_item", CorroboratedRow, corroborated_twice)
LINK = Statement("link_item", LinkRow, linked_twice)
NOTE = Statement("note_item", NoteRow, noted_twice)
SET_STATE = Statement("set_item_state", StateRow, replace)
SET_SECOND_PAIR = Statement("set_second_pair", SecondPairRow, replace)
APPROVE = Statement("approve_item", ApprovedRow)
REJECT = Statement("reject_item", RejectedRow, replace)
ASSIGN = Statement("assign_item", AssignedRow, replace)
APPLY = Statement("apply_item", ItemRow, replace)
RETURN = Statement("return_item", ItemRow, replace)
MARK_CORRECTIONS = Statement("mark_corrections", CorrectionsRow, replace)
ADD_SOURCE = Statement("add_source", SourceRow)
MOVE_SOURCE = Statement("move_source", MovedSourceRow)
REVERT = Statement("revert_merge", RevertedRow)
SPLIT = Statement("split_item", SplitRow)
LINK_SPLIT = Statement("link_split", ItemRow)
UNLINK = Statement("unlink_items", ItemRow)
