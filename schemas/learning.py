"""What the learning decider decides. One outcome changes one entity, and names items instead of repeating them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal, Self

from schemas.enriched import Embedded
from schemas.fields import Id
from schemas.outcome import GENERAL, Outcome
from schemas.standing import (
    ImportedAs,
    ItemState,
    Kind,
    KnowledgeState,
    Match,
    Parts,
    SecondPairFor,
    Source,
    Words,
)
from schemas.stored import (
    CallStored,
    ConversationOutdated,
    ConversationStored,
    CorrectionStored,
    FeedbackStored,
    ResponseStored,
)


class ItemOutcome(Outcome):
    """Something about one item: its state before (none: it is new) and after (none: unchanged).

    `needs_second_pair`: whether those who said it may not approve it, from now on (none: unchanged).
    """

    ENTITY: ClassVar[str] = "item"
    item_id: Id
    was: ItemState | None = None
    now: ItemState | None = None
    needs_second_pair: bool | None = None

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
    second_pair_for: SecondPairFor | None = None
    """Why this source's word is not enough. Of an import, the event names what it is imported as."""


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
    second_pair_for: SecondPairFor | None = None
    """As of `ItemProposed`."""


class ItemUnchanged(ItemOutcome):
    """The same import again, which this item was made of."""

    kind: Literal["ItemUnchanged"] = "ItemUnchanged"


class ItemWithdrawn(ItemOutcome):
    """Something else is imported instead, before this item was applied. Rejected, and by no reviewer."""

    kind: Literal["ItemWithdrawn"] = "ItemWithdrawn"


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


class ItemRestated(ItemOutcome):
    """An item whose words are from now on those that stand here."""

    words: Words

    @property
    def carried(self) -> Mapping[str, str]:
        return self.words.carried

    def with_vectors(self, vectors: Mapping[str, Embedded]) -> Self:
        return self.model_copy(update={"words": self.words.with_vectors(vectors)})


class MergeReverted(ItemRestated):
    """A source left the item, which has these words now; the source has an item of its own."""

    kind: Literal["MergeReverted"] = "MergeReverted"
    source_id: Id
    new_item_id: Id


class ItemSplit(ItemRestated):
    """An item made of a source that left another; it was not compared again."""

    kind: Literal["ItemSplit"] = "ItemSplit"
    source: Source
    split_from: Id


class ItemErased(ItemRestated):
    """Sources of this item have nothing to say any more, and speak for it no longer.

    `lost`: the kinds of text that the item had from whoever is erased. Then `words` are all that it has now: of the
    lost kinds those of the earliest source that still speaks.
    """

    kind: Literal["ItemErased"] = "ItemErased"
    source_ids: tuple[Id, ...]
    lost: tuple[Kind, ...] = ()
    words: Words = Words()


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
    imported_as: ImportedAs | None = None
    """The import that waited in the item, and gave it its answer."""


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


class KnowledgeErased(KnowledgeOutcome):
    """These texts of it came from whoever is erased. Live knowledge without an answer is retracted."""

    kind: Literal["KnowledgeErased"] = "KnowledgeErased"
    lost: tuple[Kind, ...]


class SubjectErased(Outcome):
    """Whatever this person said, or was said in these conversations, is forgotten; the outcomes beside it say of
    which items and knowledge.

    `unfinished`: there is more than fits into one record: ask again. Conversations are told of when no item or
    knowledge is left.
    """

    kind: Literal["SubjectErased"] = "SubjectErased"
    ENTITY: ClassVar[str] = "subject"
    FORGETS: ClassVar[bool] = True
    actor_id: str | None = None
    conversation_id: Id | None = None
    conversations: tuple[Id, ...] = ()
    items: int = 0
    knowledge: int = 0
    unfinished: bool = False
    from_log: bool = False
    """Whether the words are gone from this log, too: it is a copy that was made later."""

    @property
    def entity_id(self) -> str | None:
        return None if self.conversation_id is None else str(self.conversation_id)


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
    ItemUnchanged,
    ItemWithdrawn,
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
    ItemErased,
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
    KnowledgeErased,
    SubjectErased,
)
