"""Given these inputs, when this one, then these outcomes: the decider's tests read as stories.

Texts are tagged: what stands before the bar is their place in vector space, so "refund|how long?" and
"refund|when do I get my money?" are equal for the decider, and "refund|" and "opening|" are orthogonal.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import numpy as np

from schemas import codec
from schemas.conversation import ConversationRecorded
from schemas.enriched import Coordinates, Embedded, Enriched, Enrichment, Mood
from schemas.event import Event, EventData
from schemas.learning import OUTCOMES
from schemas.outcome import Outcome
from schemas.policy import LearningPolicy
from schemas.record import Record, RecordCodec
from schemas.topics import LEARNING
from schemas.vector import Vector
from schemas.words import FIELDS, words_at
from streams.domain import Feed
from streams.learning.decider import Learning
from streams.learning.state import Item, Knowledge, Shop
from streams.partition import Decision, Machine, Opening, PartitionState

WIDTH = 256
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CODEC = RecordCodec(LEARNING.types, OUTCOMES)
NAMES = UUID("11111111-2222-3333-4444-555555555555")
MODEL = "tagged"


def name(word: str) -> UUID:
    """A readable id."""
    return uuid5(NAMES, word)


def tagged(text: str) -> Vector:
    """The vector of a text's tag."""
    tag = text.partition("|")[0]
    seed = int.from_bytes(hashlib.sha256(tag.encode()).digest()[:8], "little")
    vector = np.random.default_rng(seed).standard_normal(WIDTH).astype(np.float32)
    unit: Vector = vector / np.linalg.norm(vector)
    return unit


def between(left: str, right: str, cosine: float) -> Vector:
    """A vector at this cosine to the first tag, in the plane of both."""
    a, b = tagged(left), tagged(right)
    b = b - np.dot(a, b) * a
    b /= np.linalg.norm(b)
    mixed: Vector = (cosine * a + np.sqrt(1 - cosine**2) * b).astype(np.float32)
    return mixed


class Story:
    """One partition's decider, fed by hand."""

    def __init__(self, policy: LearningPolicy | None = None, shop: int = 7) -> None:
        self.machine = Machine(Learning())
        self.state: PartitionState[Any] = self.machine.new(0)
        self.opening = Opening(policy or LearningPolicy(), MODEL, 1)
        self.records: list[Record] = [self.machine.open(self.state, self.opening, 0).record]
        self.now = START
        self.shop_id = shop
        self.last: tuple[Outcome, ...] = ()
        self.feeds: tuple[Feed, ...] = ()
        self._told = 0
        self._offsets: dict[str, int] = {}

    @property
    def shop(self) -> Shop:
        shop: Shop = self.state.domain.shops.get(self.shop_id) or Shop()
        return shop

    def tell(
        self,
        data: EventData,
        *,
        id: str | UUID | None = None,
        shop: int | None = None,
        source: str = "tests",
        mood: str | None = None,
        vectors: dict[str, Embedded] | None = None,
    ) -> UUID:
        """Decides one event; its outcomes are in `last`."""
        self._told += 1
        self.now += timedelta(seconds=1)
        event_id = id if isinstance(id, UUID) else name(id or f"event {self._told}")
        about_all = "actor_id" not in type(data).model_fields
        event = Event(event_id, source, self.now, 0 if about_all else shop or self.shop_id, None, data)
        self.put(event, enrichment_of(data, mood, vectors))
        return event_id

    def put(self, event: Event[Any], enrichment: Enrichment) -> None:
        topic = next(t.name for t in LEARNING.inputs if type(event.data) in t.types)
        offset = self._offsets.get(topic, 0)
        self._offsets[topic] = offset + 1
        at = Coordinates(topic, 0, offset, int(self.now.timestamp() * 1000))
        raw = codec.encode(event)
        decided = self.machine.take(
            self.state, self.state.checkpoint + 1, Enriched(at, raw, enrichment), codec.parse(raw)
        )
        assert isinstance(decided, Decision)
        self.records.append(decided.record)
        self.last, self.feeds = decided.record.outcomes, decided.feeds

    def wait(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    def the(self, kind: type[Outcome]) -> Any:
        """The one outcome of this kind among the last."""
        found = [outcome for outcome in self.last if isinstance(outcome, kind)]
        assert len(found) == 1, f"{kind.__name__} not once among {self.kinds}"
        return found[0]

    @property
    def kinds(self) -> list[str]:
        return [type(outcome).__name__ for outcome in self.last]

    def item(self, id: UUID | None = None) -> Item:
        """The item with this id, or the only one."""
        if id is None:
            assert len(self.shop.items) == 1
            return next(iter(self.shop.items.values()))
        return self.shop.items[id]

    @property
    def live(self) -> list[Knowledge]:
        return [known for known in self.shop.knowledge.values() if known.live]

    def replayed(self) -> PartitionState[Any]:
        """The state that the records alone give, as they are written and read."""
        state = self.machine.new(0)
        for record in self.records:
            self.machine.fold(state, CODEC.decode(CODEC.encode(record)))
        return state


def enrichment_of(
    data: EventData, mood: str | None = None, vectors: dict[str, Embedded] | None = None
) -> Enrichment:
    """What an enricher would have computed, with tags for a model."""
    found: dict[str, Embedded] = {}
    for event_type, part in FIELDS:
        if event_type == data.TYPE and (words := words_at(data, part)) is not None:
            found[part] = Embedded(tagged(words))
    if isinstance(data, ConversationRecorded):
        for index, message in enumerate(data.messages):
            found[f"turn/{index}"] = Embedded(tagged(message.content))
    found |= vectors or {}
    return Enrichment(MODEL if found else "", found, Mood(mood, -0.5, "tests") if mood else None)


def content(state: PartitionState[Any]) -> Any:
    """A partition's state as plain values, to be compared."""
    return (
        (state.seq, state.at, state.checkpoint, state.policy_hash, state.model, list(state.seen)),
        {topic: (mark.next_offset, mark.appended_at) for topic, mark in state.inputs.items()},
        {shop_id: shop_content(shop) for shop_id, shop in state.domain.shops.items()},
    )


def shop_content(shop: Shop) -> Any:
    tables = {
        kind: sorted((str(id), shop.entity(id).texts.of(kind).words) for id in table._ids)  # type: ignore[union-attr]
        for kind, table in shop.tables.items()
    }
    targeting = {target: ids for target, ids in shop.targeting.items() if ids}
    return (
        shop.number, shop.items, shop.knowledge, shop.conversations, shop.imports,
        list(shop.approved), list(shop.assigned), targeting, shop.apart, tables,
    )  # fmt: skip
