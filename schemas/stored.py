"""Reports that became rows with their own id, as the learning decider's log tells it."""

from __future__ import annotations

from typing import ClassVar, Literal

from schemas.call import SentimentLabel
from schemas.fields import Id
from schemas.outcome import Outcome


class EventStored(Outcome):
    """The event became a row with its own id."""

    ENTITY: ClassVar[str] = "event"
    id: Id

    @property
    def entity_id(self) -> str:
        return str(self.id)


class FeedbackStored(EventStored):
    kind: Literal["FeedbackStored"] = "FeedbackStored"
    ENTITY: ClassVar[str] = "feedback"


class CorrectionStored(EventStored):
    kind: Literal["CorrectionStored"] = "CorrectionStored"
    ENTITY: ClassVar[str] = "correction"


class CallStored(EventStored):
    kind: Literal["CallStored"] = "CallStored"
    ENTITY: ClassVar[str] = "call"
    sentiment: SentimentLabel
    analyser: str | None = None
    """Who found the sentiment; none: the event said it."""


class ResponseStored(EventStored):
    kind: Literal["ResponseStored"] = "ResponseStored"
    ENTITY: ClassVar[str] = "response"


class ConversationStored(EventStored):
    """`messages`: how many are decided now. `review_reasons`: why somebody should look at it."""

    kind: Literal["ConversationStored"] = "ConversationStored"
    ENTITY: ClassVar[str] = "conversation"
    messages: int
    review_reasons: tuple[str, ...] = ()


class ConversationOutdated(EventStored):
    """A shorter version than the one known; nothing changes."""

    kind: Literal["ConversationOutdated"] = "ConversationOutdated"
    ENTITY: ClassVar[str] = "conversation"
    messages: int
