"""A customer's reaction to one answer."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from schemas.event import ShopData
from schemas.fields import Id, Metadata, Name, Text


class FeedbackGiven(ShopData):
    """A thumb, stars or an emoji, with what was asked and answered so that the log stands alone."""

    TYPE: ClassVar[str] = "relearn.feedback.given.v1"

    conversation_id: Id
    feedback_type: Literal["thumbs_up", "thumbs_down", "star_rating", "emoji"]
    rating: Annotated[int, Field(ge=1, le=5)] | None = None
    reason: Text | None = None
    suggested_answer: Text | None = None
    question: Text | None = None
    response: Text | None = None
    category: Name | None = None
    metadata: Metadata = Field(default_factory=dict)

    @model_validator(mode="after")
    def _stars_are_counted(self) -> Self:
        if self.feedback_type == "star_rating" and self.rating is None:
            raise ValueError("rating is required for star_rating")
        return self

    @property
    def is_negative(self) -> bool:
        """A thumbs-down, or a rating of at most 2."""
        return self.feedback_type == "thumbs_down" or (self.rating is not None and self.rating <= 2)
