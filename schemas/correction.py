"""What should have been answered, said by somebody who knows."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from schemas.event import ShopData
from schemas.fields import FilledText, Id, Metadata, Name, Text

Priority = Literal["low", "normal", "high", "urgent"]


class ResponseCorrected(ShopData):
    """An owner's correction of one response."""

    TYPE: ClassVar[str] = "relearn.response.corrected.v1"

    conversation_id: Id
    question: Text | None = None
    original_response: Text
    corrected_answer: FilledText
    priority: Priority = "normal"
    correction_context: Text | None = None
    category: Name | None = None
    metadata: Metadata = Field(default_factory=dict)
