"""The whole line from what was said to what is live now, through tables and log."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from projections.failures import LogRefused
from projections.lineage import Lineage, Place, Trace
from projections.projection import Projection
from runtime.reading import decode, end_of, read, reader, tps_of
from runtime.settings import Settings
from schemas.record import Record
from schemas.saying import without_vectors
from schemas.standing import Source
from schemas.topics import DOMAINS

LEADS = ("knowledge_id", "item_id", "supersedes", "superseded_by", "split_from", "new_item_id")
"""Fields of outcomes that name another entity of the same line."""

Told = dict[str, Any]


@asynccontextmanager
async def line_of(settings: Settings, projection: Projection, lineage: Lineage) -> AsyncIterator[Line]:
    """The line of one domain, with what reads its log, for as long as the block lasts."""
    tps = await tps_of(settings, DOMAINS[projection.name].log)
    async with reader(settings, *tps) as consumer:
        yield Line(projection, lineage, consumer, tps)


@dataclass
class Line:
    """Follows entities of one domain through tables and log. None of them is told twice."""

    projection: Projection
    lineage: Lineage
    consumer: AIOKafkaConsumer
    tps: Sequence[TopicPartition]
    _seen: set[str] = field(default_factory=set)

    async def entity(self, id: str) -> Told | None:
        """All that is known of an entity, and of those that it leads to; None if it is not of this domain.

        Raises:
            LogRefused: if the log lacks a record that the tables show.
        """
        return await self._entity(id, is_asked_for=True)

    async def _entity(self, id: str, *, is_asked_for: bool) -> Told | None:
        trace = await self.lineage.trace(id)
        if trace is None:
            return None
        self._seen.add(trace.id)
        decided = {place: await self._decided(*place) for place in trace.places}
        history = [told for place, record in decided.items() for told in self._said(trace, place, record)]
        others = list(_leads(history))
        if is_asked_for:
            # A record tells by itself what else it decided.
            others += _told_by(trace.id, decided.values())
        line = [each for other in others if (each := await self._other(other)) is not None]
        first = trace.appearances[0]
        return {
            "domain": self.projection.name,
            "entity": first.entity,
            "id": trace.id,
            "shop_id": first.shop_id or None,
            "now": trace.now,
            "history": history,
            "line": line,
        }

    async def record(self, partition: int, offset: int) -> Told | None:
        """What stands at one place of the log, and the entities that it is about; None if nothing does."""
        record = await self._read(partition, offset)
        if record is None:
            return None
        about = dict.fromkeys(each.entity_id for each in record.outcomes if each.entity_id)
        told = self._record(record, partition, offset)
        told["shop_id"] = record.shop_id
        told["outcomes"] = [without_vectors(each) for each in record.outcomes]
        told["line"] = [each for id in about if (each := await self._other(id)) is not None]
        return told

    async def _other(self, id: str) -> Told | None:
        return None if id in self._seen else await self._entity(id, is_asked_for=False)

    async def _decided(self, partition: int, offset: int) -> Record:
        record = await self._read(partition, offset)
        if record is None:
            raise LogRefused(f"the log lacks {self.projection.log}[{partition}] {offset}: relearn log verify")
        return record

    def _said(self, trace: Trace, place: Place, record: Record) -> Iterator[Told]:
        """What one record decided about the entity, in the order of its outcomes: the audit does not know that."""
        audited = {each.action: each for each in trace.at(place)}
        for outcome in record.outcomes:
            if outcome.entity_id == trace.id and (at := audited.get(type(outcome).__name__)) is not None:
                told: Told = {"at": at.at, "actor": at.actor, "action": at.action}
                yield {**told, **self._record(record, *place), "outcome": without_vectors(outcome)}

    def _record(self, record: Record, partition: int, offset: int) -> Told:
        event, given = record.event, record.input
        return {
            "record": {
                "topic": self.projection.log,
                "partition": partition,
                "offset": offset,
                "seq": record.seq,
                "policy": record.policy,
            },
            "input": given and {"topic": given.topic, "partition": given.partition, "offset": given.offset},
            "event": event
            and {
                "id": event.id,
                "type": event.type,
                "source": event.source,
                "time": event.time,
                "data": orjson.loads(record.raw)["data"],
            },
        }

    async def _read(self, partition: int, offset: int) -> Record | None:
        if partition >= len(self.tps):
            return None
        tp = self.tps[partition]
        if offset >= await end_of(self.consumer, tp):
            return None
        async for lot in read(self.consumer, tp, offset, offset + 1):
            return decode(self.projection.codec, lot[0])
        return None


def _told_by(id: str, records: Iterable[Record]) -> Iterator[str]:
    """The ids of items that a report became a source of."""
    for record in records:
        for outcome in record.outcomes:
            source = getattr(outcome, "source", None)
            if isinstance(source, Source) and str(source.source_id) == id and outcome.entity_id is not None:
                yield outcome.entity_id


def _leads(history: list[Told]) -> Iterator[str]:
    """The ids of other entities that these outcomes name."""
    for each in history:
        outcome = each["outcome"]
        for said in (outcome, outcome.get("was") or {}, outcome.get("now") or {}):
            yield from (said[name] for name in LEADS if name in said)
