"""Everything between an input's bytes and the statements for its tables, in one process and without servers."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from aiokafka import ConsumerRecord
from prometheus_client import CollectorRegistry

from projections.learning.projection import PROJECTION
from projections.projection import Logged
from projections.waves import waves
from projections.writer import Entry
from runtime.sentiment import sentiment_analyser
from schemas.outcome import DeadLettered, InputMoved
from schemas.policy import LearningPolicy
from schemas.record import Record, RecordCodec
from schemas.topics import LEARNING
from streams.enrichment.check import RawInput
from streams.enrichment.enricher import Enricher
from streams.intake import Intake
from streams.learning.decider import Learning
from streams.partition import Machine, Opening
from streams.status import Meters
from streams.writer import Outbox
from tests.streams.enrichment.inputs import NOW_MS, PARTITIONS, LetterCounts

ANALYSER = sentiment_analyser("vader")
CODEC = RecordCodec(LEARNING.types, Learning.outcomes)


@dataclass(frozen=True, slots=True)
class Sent:
    """What a client appends."""

    value: bytes | None
    topic: str = "learning.events"
    key: bytes | None = b"7"
    headers: tuple[tuple[str, bytes], ...] = ()


@dataclass
class Line:
    """One partition from end to end. Only what an input says can differ from one line to another."""

    partition: int = 0
    embedder: LetterCounts = field(default_factory=LetterCounts)
    records: list[Record] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def __post_init__(self) -> None:
        machine = Machine(Learning())
        opening = Opening(LearningPolicy(), self.embedder.model, PARTITIONS)
        meters = Meters(LEARNING.name, CollectorRegistry(), list)
        state = machine.new(self.partition)
        self._enricher = Enricher(LEARNING, self.embedder, ANALYSER, PARTITIONS)
        self._intake = Intake(machine, CODEC, opening, meters, state)
        self._offsets, self._enriched = Counter[str](), 0

    def send(self, *sent: Sent) -> list[Record]:
        """Takes these inputs all the way; returns their records, one for each."""
        messages = asyncio.run(self._enricher.enrich([self._appended(each) for each in sent]))
        outbox = Outbox()
        coming = [self._message(each.value) for each in messages]
        self._intake.expect(coming)
        for message in coming:
            self._intake.take(message, outbox)
        written = outbox.messages.get(LEARNING.log.name, [])
        entries = [Entry(len(self.entries) + n, each.value or b"") for n, each in enumerate(written)]
        self.entries += entries
        records = [CODEC.decode(entry.value) for entry in entries]
        self.records += records
        self._plan(entries, records)
        return [record for record in records if record.input is not None]

    def take(self, enriched: bytes) -> None:
        """Takes what stands in the enriched topic, whoever wrote it."""
        self._intake.take(self._message(enriched), Outbox())

    def _appended(self, sent: Sent) -> RawInput:
        offset = self._offsets[sent.topic]
        self._offsets[sent.topic] += 1
        at = (sent.topic, self.partition, offset, NOW_MS + offset)
        return RawInput(*at, sent.key, sent.value, sent.headers)

    def _message(self, value: bytes) -> ConsumerRecord:
        self._enriched += 1
        place = (LEARNING.enriched.name, self.partition, self._enriched - 1, NOW_MS, 1)
        return ConsumerRecord(*place, None, value, None, 0, len(value), ())

    def _plan(self, entries: Sequence[Entry], records: Sequence[Record]) -> None:
        logged = [
            Logged(PROJECTION.log, self.partition, entry.offset, record, record.decided_at)
            for entry, record in zip(entries, records, strict=True)
        ]
        waves(PROJECTION.changes(logged))


def is_decided(record: Record) -> bool:
    """Whether it is about an event, and not about bytes that nobody can decide, or that stand elsewhere."""
    return not any(isinstance(outcome, DeadLettered | InputMoved) for outcome in record.outcomes)
