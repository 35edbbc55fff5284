"""What is known."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from relearn_client.http.answers.audit import Change
from relearn_client.http.answers.told import Told


class Hit(Told):
    """Live knowledge that fits a question, and why it was found.

    Ranks begin with 1 and are None where that way did not find it. `similarity` is the larger of both cosines.
    """

    id: UUID
    question: str | None
    content: str
    category: str | None
    source: str | None
    disputes: int
    """How many complaints speak against it."""
    similarity: float | None
    score: float
    question_rank: int | None = None
    question_similarity: float | None = None
    answer_rank: int | None = None
    answer_similarity: float | None = None
    words_rank: int | None = None
    words_share: float | None = None


class Found(Told):
    """What a search found, best first."""

    by_meaning: bool
    """False where no embedding model is at hand, so that only words counted."""
    items: tuple[Hit, ...]


class Knowledge(Told):
    """A piece of knowledge; `category`, `source` and `metadata` are None where it is told as another's version."""

    id: UUID
    question: str | None
    content: str
    category: str | None = None
    source: str | None = None
    status: str
    """live, superseded or retracted"""
    superseded_by: UUID | None
    item_id: UUID | None
    disputes: int
    metadata: Mapping[str, Any] | None = None
    created_at: datetime
    updated_at: datetime


class KnowledgePiece(Told):
    """One piece of knowledge with all that belongs to it."""

    row: Knowledge
    versions: tuple[Knowledge, ...]
    """All of them, itself included, oldest first."""
    audit: tuple[Change, ...]
    """Latest first."""
    line: Mapping[str, Any] | None
    """Where it comes from, as `why` tells it; None for callers that may not look."""
