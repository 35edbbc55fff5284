"""What each tool gives: of the API's answers what an assistant can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Answer(BaseModel):
    """What the API says besides is left out."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class Hit(Answer):
    """One piece of live, reviewed knowledge."""

    id: UUID = Field(description="Cite it where you answer from this, and ask `why` about it.")
    question: str | None = None
    content: str | None = Field(None, description="The answer.")
    category: str | None = None
    source: str | None = Field(None, description="Where the knowledge comes from.")
    disputes: int = Field(0, description="How often customers were not content with it.")
    similarity: float | None = Field(
        None, description="Cosine of the query with question or answer, the larger; none if only words match."
    )
    score: float = Field(description="By which hits are sorted: comparable within one search alone.")


class Found(Answer):
    by_meaning: bool = Field(description="False: no embedding model was at hand, and only words counted.")
    items: list[Hit] = Field(description="Best first; none: nothing is known about this.")


class Outcome(Answer):
    """One thing that was decided."""

    kind: str = Field(
        description="What: ItemProposed (new in the review queue), ItemCorroborated (somebody had said the same), "
        "KnowledgeConfirmed or EchoIgnored (it is known already), and others."
    )
    item_id: UUID | None = Field(None, description="Of the review queue: ask `why` how it fares.")
    knowledge_id: UUID | None = None
    similarity: float | None = Field(None, description="To what was said before, as a cosine.")


class Said(Answer):
    """What came of something that was said. It is safe in any case."""

    event_id: UUID
    decided: bool = Field(
        description="False: it is accepted, and what comes of it is not known yet. Do not say it again."
    )
    refused: str | None = Field(None, description="Why nothing came of it.")
    outcomes: list[Outcome] = Field(default_factory=list)


class Written(Answer):
    """What the API says of something that it took."""

    event_id: UUID
    record: Mapping[str, int] | None = None
    """Where the decision stands; None while it is not to be seen."""
    refused: str | None = None
    outcomes: list[Outcome] = []

    @property
    def said(self) -> Said:
        """The same, as assistants are told."""
        return Said(
            event_id=self.event_id,
            decided=self.record is not None,
            refused=self.refused,
            outcomes=self.outcomes,
        )


class Line(Answer):
    """Where something comes from: an entity with its history, or one decision with its outcomes."""

    model_config = ConfigDict(extra="allow", frozen=True)

    entity: str | None = Field(None, description="item, knowledge, …; none of one decision.")
    id: str | None = None
    shop_id: int | None = None
    now: Mapping[str, Any] | None = Field(None, description="How it stands; none if it is in no table.")
    history: list[Mapping[str, Any]] | None = Field(
        None,
        description="What happened to it, oldest first: when, by whom, by which event, with which outcome, and what "
        "it was compared with.",
    )
    outcomes: list[Mapping[str, Any]] | None = Field(None, description="Of one decision.")
    line: list[Mapping[str, Any]] = Field(description="The entities that it leads to, each told as this one.")
