"""Writes a learning log by hand: events, what was decided about them, and the entries that they make."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np

from projections.learning.projection import PROJECTION
from projections.writer import Entry
from schemas import codec
from schemas.control import PolicyAdopted as AdoptPolicy
from schemas.control import RetentionAdvanced as AdvanceRetention
from schemas.enriched import Coordinates, Embedded, Enrichment
from schemas.event import Event, EventData, PartitionData
from schemas.outcome import Outcome, PolicyAdopted, RetentionAdvanced
from schemas.policy import LearningPolicy, content, policy_hash
from schemas.record import Record
from schemas.standing import ItemState, Source
from schemas.vector import Vector

DIMENSIONS = 384
MODEL = "all-MiniLM-L6-v2"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
POLICY = LearningPolicy()
SHOP = 7


def vector(seed: int) -> Vector:
    """A unit vector that follows from the seed."""
    drawn = np.random.default_rng(seed).standard_normal(DIMENSIONS).astype(np.float32)
    unit: Vector = drawn / np.linalg.norm(drawn)
    return unit


class Log:
    """A partition of a log that grows. Ids and times follow from the order of calls."""

    def __init__(self, partition: int = 0) -> None:
        self.partition = partition
        self.records: list[Record] = []
        self.entries: list[Entry] = []
        self._ids = itertools.count(1)

    def new_id(self) -> UUID:
        return UUID(int=(self.partition << 64) + next(self._ids))

    def opened(self, partitions: int = 1, model: str = MODEL) -> Log:
        """With the policy that opens every log."""
        adopted = PolicyAdopted(
            policy=content(POLICY),
            policy_hash=policy_hash(POLICY),
            embedding_model=model,
            partitions=partitions,
        )
        self._append(None, (adopted,), {})
        return self

    def event(
        self, data: EventData, shop_id: int = SHOP, time: datetime | None = None, id: UUID | None = None
    ) -> Event[Any]:
        shop = 0 if isinstance(data, PartitionData) else shop_id
        return Event(id or self.new_id(), "test", time or self.now, shop, None, data)

    @property
    def now(self) -> datetime:
        return NOON + timedelta(seconds=len(self.records))

    def add(
        self, event: Event[Any], *outcomes: Outcome, vectors: Mapping[str, int] | None = None
    ) -> Event[Any]:
        """Appends the record of an event; `vectors` are seeds by part."""
        self._append(event, outcomes, vectors or {})
        return event

    def retain(self, before: datetime) -> None:
        """Retention advances for this partition."""
        data = AdvanceRetention(partition=self.partition, before=before)
        self.add(self.event(data), RetentionAdvanced(before=before))

    def _append(
        self, event: Event[Any] | None, outcomes: Sequence[Outcome], vectors: Mapping[str, int]
    ) -> None:
        number = len(self.records)
        computed = {part: Embedded(vector(seed)) for part, seed in vectors.items()}
        record = Record(
            seq=number,
            at=int(self.now.timestamp() * 1000),
            policy=policy_hash(POLICY),
            outcomes=tuple(outcomes),
            input=None if event is None else Coordinates("learning.events", self.partition, number, 0),
            enriched_offset=number,
            event=event,
            raw=b"" if event is None else codec.encode(event),
            enrichment=Enrichment(MODEL if computed else "", computed),
        )
        self.records.append(record)
        offset = 2 * number  # transactions leave markers between the records
        self.entries.append(Entry(offset, PROJECTION.codec.encode(record)))


def pending(confidence: int = 50, version: int = 1, target: UUID | None = None) -> ItemState:
    return ItemState(status="pending", version=version, confidence=confidence, target=target)


def source_of(event: Event[Any], base: int = 50, kind: Any = "feedback") -> Source:
    return Source(
        source_id=event.id,
        source_type=kind,
        base_confidence=base,
        conversation_id=event.data.conversation,
        actor_id=event.data.actor_id,
    )


def adopt(partition: int = 0) -> AdoptPolicy:
    return AdoptPolicy(partition=partition, policy=content(POLICY), embedding_model=MODEL)
