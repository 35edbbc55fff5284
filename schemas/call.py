"""A telephone call, transcribed."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.event import ShopData
from schemas.fields import FilledText, Id, Metadata, Text

SentimentLabel = Literal["positive", "neutral", "negative", "mixed"]


class LearningInsights(BaseModel):
    """What the transcriber took from the call, as version 1 says it; further keys are kept."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    question: Text | None = None
    suggested_answer: Text | None = None


class CallTranscribedV1(ShopData):
    """A call whose question and suggested answer stand among the free insights."""

    TYPE: ClassVar[str] = "relearn.call.transcribed.v1"

    conversation_id: Id | None = None
    transcript: FilledText
    processed_summary: Text | None = None
    sentiment: SentimentLabel | None = None
    entities: Metadata = Field(default_factory=dict)
    learning_insights: LearningInsights = Field(default_factory=LearningInsights)
    metadata: Metadata = Field(default_factory=dict)


class CallTranscribed(ShopData):
    """A missing sentiment is computed by the enricher's analyser. Nothing is decided by the insights."""

    TYPE: ClassVar[str] = "relearn.call.transcribed.v2"

    conversation_id: Id | None = None
    transcript: FilledText
    processed_summary: Text | None = None
    sentiment: SentimentLabel | None = None
    question: Text | None = None
    suggested_answer: Text | None = None
    entities: Metadata = Field(default_factory=dict)
    # As large as the event may be: version 1 had no other bound, and all that it said is read for ever.
    learning_insights: dict[str, Any] = Field(default_factory=dict)
    metadata: Metadata = Field(default_factory=dict)
