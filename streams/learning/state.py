"""What the learning decider knows: shops, their items, their knowledge, their live vectors.

Only `streams.learning.evolve` changes it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from schemas.standing import (
    ItemState,
    ItemStatus,
    Kind,
    KnowledgeState,
    KnowledgeStatus,
    SecondPairFor,
    Source,
)
from schemas.vector import Vector
from streams.learning.index import VectorTable

KINDS: tuple[Kind, ...] = ("question", "answer", "complaint")

ImportKey = tuple[str, str]
"""(source, external_id) of an import."""


class Speaker(NamedTuple):
    """Who said something, and in which conversation. Either may be unknown."""

    conversation: UUID | None = None
    actor: str | None = None


NOBODY = Speaker()


@dataclass(frozen=True, slots=True, eq=False)
class Text:
    """Words with their vector, and whose they are. `truncated`: the vector is of their beginning only."""

    words: str
    vector: Vector
    truncated: bool = False
    speaker: Speaker = NOBODY

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Text) and (self.words, self.speaker) == (other.words, other.speaker)

    def __hash__(self) -> int:
        return hash(self.words)

    def __reduce__(self) -> tuple[type[Text], tuple[Any, ...]]:
        """For snapshots, which hold very many: what dataclasses do by themselves takes three times as long."""
        return Text, (self.words, self.vector, self.truncated, self.speaker)


@dataclass(frozen=True, slots=True)
class Texts:
    """What was asked, what should be said, what was complained of. Each may be missing."""

    question: Text | None = None
    answer: Text | None = None
    complaint: Text | None = None

    def of(self, kind: Kind) -> Text | None:
        text: Text | None = getattr(self, kind)
        return text

    def __bool__(self) -> bool:
        return bool(self.question or self.answer or self.complaint)

    def __reduce__(self) -> tuple[type[Texts], tuple[Any, ...]]:
        return Texts, (self.question, self.answer, self.complaint)

    def filled_by(self, other: Texts) -> Texts:
        """These texts, with what is missing taken from the others."""
        return Texts(*(self.of(kind) or other.of(kind) for kind in KINDS))

    def without(self, kinds: Collection[Kind]) -> Texts:
        """These texts, less those of some kinds."""
        return Texts(*(None if kind in kinds else self.of(kind) for kind in KINDS))


@dataclass(slots=True)
class Said:
    """One source of an item, with what it said and the items that it contradicted when it came.

    One that was erased is still a source, and says nothing.
    """

    source: Source
    texts: Texts
    category: str | None = None
    conflicts: frozenset[UUID] = frozenset()
    second_pair_for: SecondPairFor | None = None
    imported_as: ImportKey | None = None
    """If it was imported and waits for a second pair of eyes."""


def earliest(sources: list[Said]) -> Texts:
    """Each kind of text from the earliest source that has it."""
    return Texts(*(next((t for s in sources if (t := s.texts.of(kind))), None) for kind in KINDS))


@dataclass(slots=True)
class Item:
    id: UUID
    number: int
    """The order in which a shop's items and knowledge came to be."""
    sources: list[Said]
    texts: Texts
    category: str | None
    status: ItemStatus = "pending"
    version: int = 1
    confidence: int = 0
    target: UUID | None = None
    conflicts: set[UUID] = field(default_factory=set)
    needs_second_pair: bool = False
    """Whether those who said it may not approve it."""
    assigned_to: UUID | None = None
    assigned_at: datetime | None = None

    @property
    def live(self) -> bool:
        return self.status in ("pending", "approved")

    @property
    def speaking(self) -> list[Said]:
        """The sources that say something: the others were erased, and speak for nothing."""
        return [said for said in self.sources if said.texts]

    @property
    def state(self) -> ItemState:
        return ItemState(
            status=self.status, version=self.version, confidence=self.confidence, target=self.target
        )


@dataclass(slots=True)
class Knowledge:
    id: UUID
    number: int
    texts: Texts
    category: str | None
    status: KnowledgeStatus = "live"
    superseded_by: UUID | None = None
    previous: UUID | None = None
    """The version that this one superseded."""
    disputes: int = 0
    item_id: UUID | None = None
    imported_as: ImportKey | None = None
    """If it was imported with an external id."""

    @property
    def live(self) -> bool:
        return self.status == "live"

    @property
    def state(self) -> KnowledgeState:
        return KnowledgeState(status=self.status, superseded_by=self.superseded_by, disputes=self.disputes)


@dataclass(slots=True)
class Conversation:
    messages: int = 0
    """How many are decided."""
    cited: dict[UUID, datetime] = field(default_factory=dict)
    """Knowledge that the assistant quoted in it, and when last."""
    people: tuple[str, ...] = ()
    """Whose it is: all that it was ever recorded for."""


@dataclass(slots=True)
class Import:
    """The last import under one (source, external_id)."""

    knowledge_id: UUID | None = None
    """What it is known as, or else what the one before it was; None if nothing has been live."""
    item_id: UUID | None = None
    """The item that it was made, where a second pair of eyes was asked for."""
    content: tuple[str, str | None, str | None] | None = None
    """Answer, question and category as they were sent last."""
    actor: str | None = None
    """Who sent them."""


@dataclass(slots=True)
class Shop:
    number: int = 0
    items: dict[UUID, Item] = field(default_factory=dict)
    knowledge: dict[UUID, Knowledge] = field(default_factory=dict)
    conversations: dict[UUID, Conversation] = field(default_factory=dict)
    imports: dict[ImportKey, Import] = field(default_factory=dict)
    approved: dict[UUID, None] = field(default_factory=dict)
    assigned: dict[UUID, None] = field(default_factory=dict)
    targeting: dict[UUID, set[UUID]] = field(default_factory=dict)
    """Items by the knowledge that they target."""
    apart: set[tuple[UUID, UUID]] = field(default_factory=set)
    """Pairs of item and source that a reviewer took apart; never merged again."""
    tables: dict[Kind, VectorTable] = field(
        default_factory=lambda: {
            "question": VectorTable(),
            "answer": VectorTable(),
            "complaint": VectorTable(),
        }
    )

    def entity(self, id: UUID) -> Item | Knowledge:
        return self.items.get(id) or self.knowledge[id]

    def is_as_imported(self, known: Knowledge) -> bool:
        """Whether imported knowledge is live and has its import's words: people have not changed it since."""
        item = self.items[known.item_id] if known.item_id is not None else None
        return known.live and (
            item is None or any(said.texts.answer == known.texts.answer for said in item.sources)
        )

    def head(self, id: UUID | None) -> UUID | None:
        """The live version of this knowledge's chain; None if it has ended."""
        while id is not None and (known := self.knowledge.get(id)) is not None:
            if known.live:
                return id
            id = known.superseded_by if known.status == "superseded" else None
        return None

    def pending_for(self, target: UUID) -> list[Item]:
        """Pending items that would supersede this knowledge, oldest first."""
        items = (self.items[id] for id in self.targeting.get(target, ()))
        return sorted((i for i in items if i.status == "pending"), key=lambda i: i.number)


@dataclass(slots=True)
class State:
    """All shops of one partition."""

    shops: dict[int, Shop] = field(default_factory=dict)

    def shop(self, shop_id: int) -> Shop:
        """The shop, made when it is first heard of."""
        known = self.shops.get(shop_id)
        if known is None:
            known = self.shops[shop_id] = Shop()
        return known

    def assignments(self) -> Iterator[tuple[int, Item]]:
        """Assigned items of all shops, in order."""
        for shop_id in sorted(self.shops):
            shop = self.shops[shop_id]
            yield from ((shop_id, shop.items[id]) for id in shop.assigned)
