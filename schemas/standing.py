"""How items and knowledge stand, and what speaks for them: sources, matches, words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from schemas.enriched import Embedded
from schemas.fields import Id
from schemas.vector import to_text

ItemStatus = Literal["pending", "approved", "rejected", "applied"]
KnowledgeStatus = Literal["live", "superseded", "retracted"]
SourceType = Literal["feedback", "correction", "transcript", "manual"]
Relation = Literal["same", "missing", "different"]
Kind = Literal["question", "answer", "complaint"]
"""The kinds of text of an item; they are compared only with their own kind."""
SecondPairFor = Literal["urgency", "import"]
"""Why a policy asks for a second pair of eyes: what a source says would be live at once without."""


class Part(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class ItemState(Part):
    """An item as a reviewer sees it, less its words. `target` is the knowledge that it would supersede."""

    status: ItemStatus
    version: int
    confidence: int
    target: Id | None = None


class KnowledgeState(Part):
    status: KnowledgeStatus
    superseded_by: Id | None = None
    disputes: int = 0


class Match(Part):
    """A neighbour of the same topic, and how its answer stands to this one. Similarities: cosine, 4 decimals."""

    entity: Literal["item", "knowledge"]
    id: Id
    relation: Relation
    by: Kind
    """The kind of text by which the topic is the same."""
    similarity: float
    answer_similarity: float | None = None


class Source(Part):
    """Where an item's words come from, and what they are worth."""

    source_id: Id
    source_type: SourceType
    base_confidence: int
    conversation_id: Id | None = None
    actor_id: str | None = None


class ImportedAs(Part):
    """Where imported knowledge comes from, and under which id."""

    source: str
    external_id: str | None = None


class Parts(Part):
    """Where in the record's own event and enrichment an item's words and vectors stand.

    Names as in `schemas.enriched.Enrichment`; `None`: the item has no text of that kind.
    """

    question: str | None = None
    answer: str | None = None
    complaint: str | None = None


class Speaker(Part):
    """Who said something, and in which conversation."""

    conversation_id: Id | None = None
    actor_id: str | None = None


class Words(Part):
    """Words and vectors (base64) of an item that come from an earlier record."""

    question: str | None = None
    answer: str | None = None
    complaint: str | None = None
    category: str | None = None
    vectors: dict[Kind, str] = {}
    truncated: tuple[Kind, ...] = ()
    speakers: dict[Kind, Speaker] = {}
    """Whose words they are. Records of releases that could not erase have none."""

    @property
    def carried(self) -> Mapping[str, str]:
        """The texts that have a vector, by kind."""
        return {kind: getattr(self, kind) for kind in self.vectors}

    def with_vectors(self, vectors: Mapping[str, Embedded]) -> Self:
        """The same with other vectors."""
        told = {
            "vectors": {kind: to_text(each.vector) for kind, each in vectors.items()},
            "truncated": tuple(kind for kind, each in vectors.items() if each.truncated),
        }
        return self.model_copy(update=told)
