"""A telephone call, transcribed."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.event import ShopData
from schemas.fields import FilledText, Id, Metadata, Text

SentimentLabel = Literal["positive", "neutral", "negative", "mixed"]


class LearningInsights(BaseModel):
    """What the transcriber took from the call; further keys are kept."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    question: Text | None = None
    suggested_answer: Text | None = None


class CallTranscribed(ShopData):
    """A missing sentiment is computed by the enricher's analyser."""

    TYPE: ClassVar[str] = "relearn.call.transcribed.v1"

    conversation_id: Id | None = None
    transcript: FilledText
    processed_summary: Text | None = None
    sentiment: SentimentLabel | None = None
    entities: Metadata = Field(default_factory=dict)
    learning_insights: LearningInsights = Field(default_factory=LearningInsights)
    metadata: Metadata = Field(default_factory=dict)
