"""What the learning decider decides. One outcome changes one entity, and names items instead of repeating them."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from schemas.call import SentimentLabel
from schemas.fields import Id
from schemas.outcome import GENERAL, Outcome

ItemStatus = Literal["pending", "approved", "rejected", "applied"]
KnowledgeStatus = Literal["live", "superseded", "retracted"]
SourceType = Literal["feedback", "correction", "transcript", "manual"]
Relation = Literal["same", "missing", "different"]
Kind = Literal["question", "answer", "complaint"]
"""The kinds of text of an item; they are compared only with their own kind."""


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


class Parts(Part):
    """Where in the record's own event and enrichment an item's words and vectors stand.

    Names as in `schemas.enriched.Enrichment`; `None`: the item has no text of that kind.
    """

    question: str | None = None
    answer: str | None = None
    complaint: str | None = None


class Words(Part):
    """Words and vectors (base64) of an item that come from an earlier record."""

    question: str | None = None
    answer: str | None = None
    complaint: str | None = None
    category: str | None = None
    vectors: dict[Kind, str] = {}
    truncated: tuple[Kind, ...] = ()


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


class ItemOutcome(Outcome):
    """Something about one item: its state before (none: it is new) and after (none: unchanged)."""

    ENTITY: ClassVar[str] = "item"
    item_id: Id
    was: ItemState | None = None
    now: ItemState | None = None

    @property
    def entity_id(self) -> str:
        return str(self.item_id)


class ItemProposed(ItemOutcome):
    kind: Literal["ItemProposed"] = "ItemProposed"
    source: Source
    parts: Parts
    category: str | None = None
    conflicts_with: tuple[Id, ...] = ()
    """Live items of the same topic with another answer."""
    matches: tuple[Match, ...] = ()


class ItemCorroborated(ItemOutcome):
    """Another source says the same. `filled`: the kinds of text that the item had not and now has."""

    kind: Literal["ItemCorroborated"] = "ItemCorroborated"
    source: Source
    parts: Parts
    similarity: float
    filled: tuple[Kind, ...] = ()
    category: str | None = None
    """The item's category from now on."""
    conflicts_with: tuple[Id, ...] = ()
    matches: tuple[Match, ...] = ()


class ItemDisputed(ItemOutcome):
    """A customer got this item's answer and was not content with it."""

    kind: Literal["ItemDisputed"] = "ItemDisputed"
    source_id: Id
    similarity: float


class ItemRelated(ItemOutcome):
    """A complaint of this topic that says nothing for or against the item's answer."""

    kind: Literal["ItemRelated"] = "ItemRelated"
    source_id: Id
    similarity: float


class ItemApproved(ItemOutcome):
    """`edited`: the answer is now the event's own. Without a reviewer the policy approved, `by` says how."""

    kind: Literal["ItemApproved"] = "ItemApproved"
    by: Literal["reviewer", "urgency", "confidence"]
    reviewer_id: Id | None = None
    edited: bool = False
    category: str | None = None
    """The item's category from now on."""


class ItemRejected(ItemOutcome):
    kind: Literal["ItemRejected"] = "ItemRejected"
    reviewer_id: Id


class ItemAssigned(ItemOutcome):
    kind: Literal["ItemAssigned"] = "ItemAssigned"
    reviewer_id: Id


class ItemReleased(ItemOutcome):
    kind: Literal["ItemReleased"] = "ItemReleased"
    reviewer_id: Id
    why: Literal["released", "expired"]


class ItemRetargeted(ItemOutcome):
    """The live knowledge of a pending item's topic is another now."""

    kind: Literal["ItemRetargeted"] = "ItemRetargeted"


class ItemReturned(ItemOutcome):
    """Back to pending."""

    kind: Literal["ItemReturned"] = "ItemReturned"
    why: Literal["stale_conflict", "rolled_back"]


class ItemApplied(ItemOutcome):
    """The item is in the knowledge base, as this knowledge."""

    kind: Literal["ItemApplied"] = "ItemApplied"
    knowledge_id: Id


class MergeReverted(ItemOutcome):
    """A source left the item, which has these words now; the source has an item of its own."""

    kind: Literal["MergeReverted"] = "MergeReverted"
    source_id: Id
    new_item_id: Id
    words: Words


class ItemSplit(ItemOutcome):
    """An item made of a source that left another; it was not compared again."""

    kind: Literal["ItemSplit"] = "ItemSplit"
    source: Source
    words: Words
    split_from: Id


class KnowledgeOutcome(Outcome):
    """Something about one piece of knowledge: its state before (none: it is new) and after."""

    ENTITY: ClassVar[str] = "knowledge"
    knowledge_id: Id
    was: KnowledgeState | None = None
    now: KnowledgeState | None = None

    @property
    def entity_id(self) -> str:
        return str(self.knowledge_id)


class KnowledgeApplied(KnowledgeOutcome):
    """New live knowledge with the words of an item."""

    kind: Literal["KnowledgeApplied"] = "KnowledgeApplied"
    item_id: Id
    supersedes: Id | None = None


class KnowledgeImported(KnowledgeOutcome):
    """New live knowledge with the event's own words (parts `question` and `answer`)."""

    kind: Literal["KnowledgeImported"] = "KnowledgeImported"
    supersedes: Id | None = None
    conflicts_with: tuple[Id, ...] = ()
    matches: tuple[Match, ...] = ()


class KnowledgeEdited(KnowledgeOutcome):
    """New live knowledge with the event's answer, and its question or else the old version's."""

    kind: Literal["KnowledgeEdited"] = "KnowledgeEdited"
    supersedes: Id
    new_question: bool


class KnowledgeUnchanged(KnowledgeOutcome):
    """The same import again."""

    kind: Literal["KnowledgeUnchanged"] = "KnowledgeUnchanged"


class KnowledgeConfirmed(KnowledgeOutcome):
    """Somebody independent said what is known already."""

    kind: Literal["KnowledgeConfirmed"] = "KnowledgeConfirmed"
    source_id: Id
    similarity: float
    matches: tuple[Match, ...] = ()


class EchoIgnored(KnowledgeOutcome):
    """What was said from the knowledge base is no evidence for it."""

    kind: Literal["EchoIgnored"] = "EchoIgnored"
    source_id: Id
    why: Literal["cited", "assistant"]
    similarity: float


class KnowledgeDisputed(KnowledgeOutcome):
    """A customer got this knowledge as an answer and was not content."""

    kind: Literal["KnowledgeDisputed"] = "KnowledgeDisputed"
    source_id: Id


class KnowledgeSuperseded(KnowledgeOutcome):
    """A newer version took over, or stands next in the chain now."""

    kind: Literal["KnowledgeSuperseded"] = "KnowledgeSuperseded"


class KnowledgeRetracted(KnowledgeOutcome):
    kind: Literal["KnowledgeRetracted"] = "KnowledgeRetracted"
    reviewer_id: Id


class KnowledgeRolledBack(KnowledgeOutcome):
    """This version is undone."""

    kind: Literal["KnowledgeRolledBack"] = "KnowledgeRolledBack"
    reviewer_id: Id


class KnowledgeRevived(KnowledgeOutcome):
    """Live again, since what superseded it was rolled back."""

    kind: Literal["KnowledgeRevived"] = "KnowledgeRevived"


OUTCOMES: tuple[type[Outcome], ...] = (
    *GENERAL,
    FeedbackStored,
    CorrectionStored,
    CallStored,
    ResponseStored,
    ConversationStored,
    ConversationOutdated,
    ItemProposed,
    ItemCorroborated,
    ItemDisputed,
    ItemRelated,
    ItemApproved,
    ItemRejected,
    ItemAssigned,
    ItemReleased,
    ItemRetargeted,
    ItemReturned,
    ItemApplied,
    MergeReverted,
    ItemSplit,
    KnowledgeApplied,
    KnowledgeImported,
    KnowledgeEdited,
    KnowledgeUnchanged,
    KnowledgeConfirmed,
    EchoIgnored,
    KnowledgeDisputed,
    KnowledgeSuperseded,
    KnowledgeRetracted,
    KnowledgeRolledBack,
    KnowledgeRevived,
)


def words_at(data: Any, part: str | None) -> str | None:
    """The text of an event's data that a part names.

    `question`, `answer`, `complaint` and `response` name the fields that play this role in each type;
    `turn/3` is the content of messages[3]. Returns None where the event says nothing there.
    """
    if part is None:
        return None
    if part.startswith("turn/"):
        return str(data.messages[int(part.removeprefix("turn/"))].content)
    for name in FIELDS.get((data.TYPE, part), ()):
        value = data
        for step in name.split("."):
            value = getattr(value, step)
        if value is not None and value.strip():
            return str(value)
    return None


FIELDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("relearn.feedback.given.v1", "question"): ("question",),
    ("relearn.feedback.given.v1", "answer"): ("suggested_answer",),
    ("relearn.feedback.given.v1", "complaint"): ("reason",),
    ("relearn.feedback.given.v1", "response"): ("response",),
    ("relearn.response.corrected.v1", "question"): ("question",),
    ("relearn.response.corrected.v1", "answer"): ("corrected_answer",),
    ("relearn.call.transcribed.v1", "question"): ("learning_insights.question",),
    ("relearn.call.transcribed.v1", "answer"): ("learning_insights.suggested_answer",),
    ("relearn.call.transcribed.v1", "complaint"): ("processed_summary", "transcript"),
    ("relearn.knowledge.proposed.v1", "question"): ("question",),
    ("relearn.knowledge.proposed.v1", "answer"): ("content",),
    ("relearn.knowledge.imported.v1", "question"): ("question",),
    ("relearn.knowledge.imported.v1", "answer"): ("content",),
    ("relearn.item.approved.v1", "answer"): ("edited_content",),
    ("relearn.knowledge.edited.v1", "question"): ("question",),
    ("relearn.knowledge.edited.v1", "answer"): ("content",),
}
"""Which fields play which part, in order of preference."""


def transcript_of(messages: Any) -> str:
    """A conversation as one readable text, a line per turn."""
    return "\n".join(f"{message.role}: {message.content}" for message in messages)
