"""What a person or a conversation said, gone from every table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pgvector import Vector

from projections.change import Change, Statement
from projections.learning import keys, knowledge, queue
from projections.projection import Logged
from projections.values import vector_from
from schemas.learning import ItemErased, KnowledgeErased, SubjectErased
from schemas.standing import Kind, Words


class ConversationsRow(NamedTuple):
    shop_id: int
    conversations: str


class SubjectRow(NamedTuple):
    """`actor`: the person as the audit names them; none for a conversation alone."""

    shop_id: int
    actor: str | None
    conversations: str


class SourcesRow(NamedTuple):
    shop_id: int
    item_id: UUID
    source_ids: str


class ErasedItemRow(NamedTuple):
    """`kind`, `content`, `embedding`: what is proposed now; none if the item has nothing to say."""

    shop_id: int
    id: UUID
    source_ids: str
    is_reworded: bool
    kind: str | None
    content: str | None
    embedding: Vector | None
    question: str | None
    question_embedding: Vector | None
    at: datetime


class ErasedKnowledgeRow(NamedTuple):
    shop_id: int
    id: UUID
    without_question: bool
    without_answer: bool
    at: datetime


CONVERSATIONS = Statement("erase_conversations", ConversationsRow)
EVENTS = Statement("erase_events", SubjectRow)
SOURCES = Statement("erase_sources", SourcesRow)
ITEM = Statement("erase_item", ErasedItemRow)
KNOWLEDGE = Statement("erase_knowledge", ErasedKnowledgeRow)


def subject(log: Logged, outcome: SubjectErased) -> Iterator[Change]:
    """The rows of conversations and events, whatever else they became."""
    named, kept = array(outcome.conversations), (keys.kept(log.partition),)
    yield Change(CONVERSATIONS, ConversationsRow(outcome.shop_id, named), kept)
    yield Change(EVENTS, SubjectRow(outcome.shop_id, outcome.actor_id, named), kept)


def item(log: Logged, outcome: ItemErased) -> Iterator[Change]:
    """The item with what is left of its words; one that goes back is as if never reviewed."""
    words, named = outcome.words, array(outcome.source_ids)
    kind, content = proposed(words)
    row = ErasedItemRow(
        shop_id=outcome.shop_id,
        id=outcome.item_id,
        source_ids=named,
        is_reworded=bool(outcome.lost),
        kind=kind,
        content=content,
        embedding=vector_from(words.vectors.get(kind)) if kind else None,
        question=words.question,
        question_embedding=vector_from(words.vectors.get("question")),
        at=log.at,
    )
    yield queue.change(ITEM, row, outcome)
    sources = SourcesRow(outcome.shop_id, outcome.item_id, named)
    yield Change(SOURCES, sources, (keys.sources(outcome.shop_id, outcome.item_id),))
    yield from queue.returned(log, outcome) if is_back(outcome) else queue.becomes(log, outcome)


def proposed(words: Words) -> tuple[Kind | None, str | None]:
    """What the item proposes, if it has any words."""
    for kind in queue.CONTENT:
        text: str | None = getattr(words, kind)
        if text is not None:
            return kind, text
    return None, None


def is_back(outcome: ItemErased) -> bool:
    """Whether it is pending again."""
    was, now = outcome.was, outcome.now
    return was is not None and now is not None and was.status != now.status == "pending"


def known(log: Logged, outcome: KnowledgeErased) -> Iterator[Change]:
    """The knowledge without those words, and as it stands now."""
    row = ErasedKnowledgeRow(
        outcome.shop_id, outcome.knowledge_id, "question" in outcome.lost, "answer" in outcome.lost, log.at
    )
    yield knowledge.change(KNOWLEDGE, row, outcome)
    yield from knowledge.becomes(log, outcome)


def array(ids: Iterable[UUID]) -> str:
    """Ids as Postgres writes an array of them."""
    return "{" + ",".join(map(str, ids)) + "}"
