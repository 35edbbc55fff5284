"""Decided logs of any length, without brokers in between: for benchmarks of what reads them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from runtime.fault import Faults
from runtime.settings import Settings
from schemas.codec import encode
from schemas.correction import ResponseCorrected
from schemas.enriched import NOTHING, Coordinates, Embedded, Enriched, Enrichment
from schemas.event import Event, EventData
from schemas.feedback import FeedbackGiven
from schemas.keys import key_of
from schemas.policy import LearningPolicy
from schemas.record import Record, RecordCodec, from_ms
from schemas.response import ResponseServed
from schemas.topics import LEARNING
from streams.learning.decider import Learning
from streams.limits import Limits
from streams.partition import Machine, Opening
from streams.writer import LogWriter, Outbox

BEGIN = 1_780_000_000_000
"""Milliseconds since 1970; an event comes every hundredth of a second."""
MODEL, WIDTH = "all-MiniLM-L6-v2", 384
SHOPS = 100
LOT = 5_000
CORRECTED = 10
"""With vectors, one event in so many is a correction, with two of them and an item of its own."""


class History:
    """Decides events of all shops in one partition."""

    def __init__(self, partition: int, partitions: int, *, vectors: bool) -> None:
        self._machine = Machine(Learning())
        self._partition, self._vectors = partition, vectors
        self._chance = np.random.default_rng(partition)
        self._opening = Opening(LearningPolicy(), MODEL, partitions)

    def records(self, number: int) -> Iterator[Record]:
        """So many records, the opening among them."""
        machine, topic = self._machine, LEARNING.inputs[0].name
        state = machine.new(self._partition)
        yield machine.open(state, self._opening, BEGIN).record
        for offset in range(number - 1):
            at = Coordinates(topic, self._partition, offset, BEGIN + 10 * offset)
            event = self._event(offset, at)
            raw = encode(event)
            message = Enriched(at, raw, self._enrichment(event.data))
            yield machine.decide(state, None, message, orjson.loads(raw)).record

    def _event(self, offset: int, at: Coordinates) -> Event[Any]:
        id = UUID(int=(self._partition << 64) + offset, version=4)
        time = from_ms(at.appended_at) - timedelta(seconds=1)
        # A shop is in one partition, whether its number hashes there or not.
        shop = 1 + self._partition * SHOPS + offset % SHOPS
        return Event(id, "/benchmarks", time, shop, None, self._data(offset, id))

    def _data(self, offset: int, id: UUID) -> EventData:
        if self._vectors and offset % CORRECTED == 0:
            return ResponseCorrected(
                conversation_id=id,
                question=f"How is the thing number {offset} done?",
                original_response="I do not know.",
                corrected_answer=f"The thing is done by pressing button number {offset}.",
            )
        if offset % 4 == 1:
            return FeedbackGiven(conversation_id=id, feedback_type="thumbs_up")
        return ResponseServed(
            conversation_id=id,
            response_text="Refunds take 14 days from the day on which we receive the parcel.",
            response_type="answer",
            user_engagement_score=float(offset % 100),
            response_time_ms=offset % 900,
        )

    def _enrichment(self, data: EventData) -> Enrichment:
        """Vectors that are near to no other: what is compared is what every new item costs."""
        if not isinstance(data, ResponseCorrected):
            return NOTHING
        drawn = self._chance.normal(size=(2, WIDTH)).astype(np.float32)
        question, answer = drawn / np.linalg.norm(drawn, axis=1, keepdims=True)
        return Enrichment(MODEL, {"question": Embedded(question), "answer": Embedded(answer)})


async def write(settings: Settings, number: int, *, vectors: bool, partitions: int | None = None) -> None:
    """Writes so many records to the empty learning log, in equal parts to the first partitions of it, or to all."""
    count = partitions or settings.partitions
    await asyncio.gather(
        *(_write(settings, partition, number // count, vectors=vectors) for partition in range(count))
    )


async def _write(settings: Settings, partition: int, number: int, *, vectors: bool) -> None:
    codec = RecordCodec(LEARNING.types, Learning().outcomes)
    writer = LogWriter(settings, LEARNING.name, partition, Limits(), Faults())
    await writer.start()
    records = History(partition, settings.partitions, vectors=vectors).records(number)
    while lot := list(islice(records, LOT)):
        outbox = Outbox()
        for record in lot:
            key = key_of(record.event) if record.event else None
            outbox.add(LEARNING.log.name, key, codec.encode(record))
        await writer.write(outbox, LEARNING.log.name)
    await writer.close()
