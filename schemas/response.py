"""An answer that the assistant gave, with how it did."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.event import ShopData
from schemas.fields import Id, Label, Metadata, Score, Text


class ResponseServed(ShopData):
    """Analytics only: nothing is learned from the assistant's own words."""

    TYPE: ClassVar[str] = "relearn.response.served.v1"

    conversation_id: Id
    response_text: Text
    response_type: Label
    user_engagement_score: Score | None = None
    led_to_conversion: bool | None = None
    response_time_ms: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    ab_test_variant: Label | None = None
    metrics: Metadata = Field(default_factory=dict)
