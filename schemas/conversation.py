"""A conversation between a customer and the assistant, with the owner's turns when it was handed over."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.event import ShopData
from schemas.fields import Id, Metadata, Name, Text


class Message(BaseModel):
    """One turn."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    role: Literal["user", "assistant", "owner"]
    content: Text


class ConversationRecorded(ShopData):
    """Sent again with more messages, the latest wins; only messages beyond those decided are decided on."""

    TYPE: ClassVar[str] = "relearn.conversation.recorded.v1"

    conversation_id: Id
    user_id: Name
    channel: Name
    messages: list[Message] = Field(max_length=500)
    summary: Text | None = None
    handoff: bool = False
    metadata: Metadata = Field(default_factory=dict)
