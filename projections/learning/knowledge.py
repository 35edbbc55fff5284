"""The knowledge base: what came from items, from imports and from edits, and how each stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from pgvector import Vector

from projections.change import Change, Row, Statement, replace
from projections.learning import keys
from projections.learning.item_rows import LinkRow, linked_twice
from projections.learning.queue import content_at
from projections.learning.values import id_list, neighbours, vector_of
from projections.projection import Logged
from projections.values import as_json
from schemas import learning as out
from schemas.standing import KnowledgeState
from schemas.words import words_at


class AppliedRow(NamedTuple):
    shop_id: int
    id: UUID
    item_id: UUID
    source: str | None
    status: str
    superseded_by: UUID | None
    disputes: int
    metadata: str
    created_at: datetime
    at: datetime


class ImportedRow(NamedTuple):
    shop_id: int
    id: UUID
    category: str | None
    content: str
    question: str | None
    embedding: Vector | None
    question_embedding: Vector | None
    source: str
    status: str
    superseded_by: UUID | None
    disputes: int
    metadata: str
    created_at: datetime
    at: datetime


class EditedRow(NamedTuple):
    shop_id: int
    id: UUID
    supersedes: UUID
    content: str
    embedding: Vector | None
    new_question: bool
    question: str | None
    question_embedding: Vector | None
    status: str
    superseded_by: UUID | None
    disputes: int
    metadata: str
    created_at: datetime
    at: datetime


class KnowledgeStateRow(NamedTuple):
    shop_id: int
    id: UUID
    status: str
    superseded_by: UUID | None
    disputes: int
    at: datetime


APPLY = Statement("apply_knowledge", AppliedRow)
IMPORT = Statement("import_knowledge", ImportedRow)
EDIT = Statement("edit_knowledge", EditedRow)
SET_STATE = Statement("set_knowledge_state", KnowledgeStateRow, replace)
LINK = Statement("link_knowledge", LinkRow, linked_twice)


def change(
    statement: Statement, row: Row, outcome: out.KnowledgeOutcome, reads: tuple[tuple[object, ...], ...] = ()
) -> Change:
    """A change of the outcome's knowledge and of no other."""
    return Change(statement, row, (keys.knowledge(outcome.shop_id, outcome.knowledge_id),), reads)


def state_of(outcome: out.KnowledgeOutcome) -> KnowledgeState:
    """The state from now on. Raises ValueError if the outcome does not tell."""
    if outcome.now is None:
        raise ValueError(f"{type(outcome).__name__} of {outcome.knowledge_id} tells no state")
    return outcome.now


def applied(log: Logged, outcome: out.KnowledgeApplied) -> Iterator[Change]:
    """New knowledge with the words that the item has now; its source is the item's, unless it was imported."""
    shop_id, state, known_as = outcome.shop_id, state_of(outcome), outcome.imported_as
    metadata: dict[str, Any] = {"supersedes": outcome.supersedes}
    if known_as is not None:
        metadata["external_id"] = known_as.external_id
    row = AppliedRow(
        shop_id,
        outcome.knowledge_id,
        outcome.item_id,
        None if known_as is None else known_as.source,
        state.status,
        state.superseded_by,
        state.disputes,
        as_json(metadata),
        log.event.time,
        log.at,
    )
    reads = (keys.item(shop_id, outcome.item_id), keys.items(shop_id))
    yield change(APPLY, row, outcome, reads)


def imported(log: Logged, outcome: out.KnowledgeImported) -> Iterator[Change]:
    """New knowledge with the event's words; what contradicts it is linked both ways."""
    data, state, conflicts = log.event.data, state_of(outcome), knowledge_in_conflict(outcome)
    metadata = {
        "supersedes": outcome.supersedes,
        "external_id": data.external_id,
        "neighbours": neighbours(outcome.matches),
        "conflicts": id_list(outcome.conflicts_with),
    }
    row = ImportedRow(
        shop_id=outcome.shop_id,
        id=outcome.knowledge_id,
        category=data.category,
        content=content_at(data, "answer"),
        question=words_at(data, "question"),
        embedding=vector_of(log, "answer"),
        question_embedding=vector_of(log, "question"),
        source=data.source,
        status=state.status,
        superseded_by=state.superseded_by,
        disputes=state.disputes,
        metadata=as_json(metadata),
        created_at=log.event.time,
        at=log.at,
    )
    yield change(IMPORT, row, outcome)
    for other in conflicts:
        link = LinkRow(outcome.shop_id, other, as_json([str(outcome.knowledge_id)]), log.at)
        yield Change(LINK, link, (keys.knowledge(outcome.shop_id, other),))


def knowledge_in_conflict(outcome: out.KnowledgeImported) -> list[UUID]:
    known = {match.id for match in outcome.matches if match.entity == "knowledge"}
    return [id for id in outcome.conflicts_with if id in known]


def edited(log: Logged, outcome: out.KnowledgeEdited) -> Iterator[Change]:
    """New knowledge with the reviewer's words and what the old version said besides."""
    data, state = log.event.data, state_of(outcome)
    row = EditedRow(
        shop_id=outcome.shop_id,
        id=outcome.knowledge_id,
        supersedes=outcome.supersedes,
        content=content_at(data, "answer"),
        embedding=vector_of(log, "answer"),
        new_question=outcome.new_question,
        question=words_at(data, "question"),
        question_embedding=vector_of(log, "question"),
        status=state.status,
        superseded_by=state.superseded_by,
        disputes=state.disputes,
        metadata=as_json({"supersedes": outcome.supersedes}),
        created_at=log.event.time,
        at=log.at,
    )
    yield change(EDIT, row, outcome, (keys.knowledge(outcome.shop_id, outcome.supersedes),))


def becomes(log: Logged, outcome: out.KnowledgeOutcome) -> Iterator[Change]:
    """Disputed, superseded, retracted, rolled back or live again; the words stay."""
    state = state_of(outcome)
    row = KnowledgeStateRow(
        outcome.shop_id, outcome.knowledge_id, state.status, state.superseded_by, state.disputes, log.at
    )
    yield change(SET_STATE, row, outcome)
