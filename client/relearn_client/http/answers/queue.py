"""What might become knowledge."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from relearn_client.http.answers.audit import Change
from relearn_client.http.answers.knowledge import Knowledge
from relearn_client.http.answers.told import Told


class QueueEntry(Told):
    """An item as the queue lists it."""

    shop_id: int
    id: UUID
    status: str
    """pending, approved, rejected or applied"""
    source_type: str
    """feedback, correction, transcript or manual"""
    source_id: UUID
    question: str | None
    proposed_content: str
    category: str | None
    confidence_score: int
    """Percent."""
    version: int
    content_kind: str | None
    """What `proposed_content` is: an answer, or a complaint that has none."""
    sources: int | None
    disputes: int | None
    conflicts: int | None
    target: UUID | None
    """The knowledge that it would supersede."""
    needs_second_pair: bool = False
    """Whether those who said it may not approve it."""
    assigned_to: UUID | None
    assigned_at: datetime | None
    created_at: datetime
    updated_at: datetime


class ItemGlance(Told):
    """An item as another one's neighbour, or as what came of a conversation."""

    id: UUID
    status: str
    question: str | None
    proposed_content: str
    category: str | None
    confidence_score: int
    version: int


class ItemRow(ItemGlance):
    """An item."""

    source_type: str
    source_id: UUID
    metadata: Mapping[str, Any]
    created_at: datetime
    updated_at: datetime
    reviewed_at: datetime | None
    reviewed_by: UUID | None
    applied_at: datetime | None
    assigned_to: UUID | None
    assigned_at: datetime | None


class ItemSource(Told):
    """One who said what an item says, with the words that the tables keep."""

    source_id: UUID
    source_type: str
    conversation_id: UUID | None
    actor_id: str | None
    base_confidence: int
    similarity: float | None
    at: datetime
    feedback_type: str | None
    rating: int | None
    priority: str | None
    question: str | None
    response: str | None
    complaint: str | None
    answer: str | None
    context: str | None
    conversation: str | None


class Item(Told):
    """An item with all that a reviewer wants to see beside it."""

    row: ItemRow
    sources: tuple[ItemSource, ...]
    conflicts: tuple[ItemGlance, ...]
    """Items of the same topic that answer otherwise."""
    neighbours: tuple[ItemGlance, ...]
    audit: tuple[Change, ...]
    """Latest first."""
    target: Knowledge | None
    """The knowledge that it would supersede."""
