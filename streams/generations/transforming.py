"""What the records of a generation say otherwise than those that they were copied from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from runtime.settings import Settings
from schemas.control import PolicyAdopted as PolicyEvent
from schemas.control import RetentionAdvanced, Tick
from schemas.enriched import Embedded, Enrichment
from schemas.event import PartitionData
from schemas.keys import key_of, key_of_outcome
from schemas.outcome import Outcome, PolicyAdopted
from schemas.record import Record
from streams.domain import Domain
from streams.enrichment.check import home_of
from streams.enrichment.enricher import TextEmbedder
from streams.enrichment.texts import texts_of
from streams.hearing import Hear, Tell, hear_log


class Transformation(Protocol):
    """Makes the records of a generation out of those of the one before, in their order."""

    async def apply(self, records: Sequence[Record]) -> Sequence[Record]:
        """One for each. The same object where nothing changes."""
        ...

    def homes(self, partition: int, record: Record) -> Iterator[tuple[int, Record]]:
        """In which partitions a record stands from now on, each with what it says there."""
        ...


class InPlace:
    """Records stay in their partitions."""

    def homes(self, partition: int, record: Record) -> Iterator[tuple[int, Record]]:
        """The same one."""
        yield partition, record


class Reembedded(InPlace):
    """Every vector anew, by another model. What was decided stays decided."""

    def __init__(self, embedder: TextEmbedder) -> None:
        self._embedder = embedder

    async def apply(self, records: Sequence[Record]) -> Sequence[Record]:
        """The texts of all are embedded in one call."""
        texts = [_texts(record) for record in records]
        found = await self._embed(text for each in texts for text in each)
        return [self._record(record, found) for record in records]

    async def _embed(self, texts: Iterable[str]) -> Mapping[str, Embedded]:
        distinct = list(dict.fromkeys(texts))
        if not distinct:
            return {}
        embedded = await self._embedder.embed(distinct)
        return {
            text: Embedded(each.vector, each.truncated) for text, each in zip(distinct, embedded, strict=True)
        }

    def _record(self, record: Record, found: Mapping[str, Embedded]) -> Record:
        enrichment, before = record.enrichment, _enriched_texts(record)
        if before:
            vectors = {part: found[text] for part, text in before.items()}
            enrichment = Enrichment(self._embedder.model, vectors, enrichment.mood)
        outcomes = tuple(self._outcome(each, found) for each in record.outcomes)
        return replace(record, enrichment=enrichment, outcomes=outcomes)

    def _outcome(self, outcome: Outcome, found: Mapping[str, Embedded]) -> Outcome:
        if isinstance(outcome, PolicyAdopted):
            return outcome.model_copy(update={"embedding_model": self._embedder.model})
        return outcome.with_vectors({name: found[text] for name, text in outcome.carried.items()})


def _texts(record: Record) -> Sequence[str]:
    """All words of a record that have a vector in it."""
    carried = (text for outcome in record.outcomes for text in outcome.carried.values())
    return [*_enriched_texts(record).values(), *carried]


def _enriched_texts(record: Record) -> Mapping[str, str]:
    """The words of an input that have a vector, by part."""
    if record.event is None or not record.enrichment.vectors:
        return {}
    texts = texts_of(record.event.data)
    return {part: texts[part] for part in record.enrichment.vectors}


class Erased(InPlace):
    """Without the words of whoever was erased before the copy was begun."""

    def __init__(self, domain: Domain[Any], erasures: Mapping[int, Any]) -> None:
        """`erasures`: by partition, as the domain tells them."""
        self._domain, self._erasures = domain, erasures

    async def apply(self, records: Sequence[Record]) -> Sequence[Record]:
        """Nothing is computed anew."""
        return records

    def homes(self, partition: int, record: Record) -> Iterator[tuple[int, Record]]:
        """The same partition, and the record without these words."""
        yield partition, self._domain.erased(record, self._erasures[partition])


async def erasures_of(settings: Settings, domain: Domain[Any], tell: Tell) -> Mapping[int, Any]:
    """Who was erased in each partition of a log, as its records up to now say.

    Raises:
        UnreadableRecord: if this version cannot read a record.
    """
    found: dict[int, list[Record]] = {}

    def begin(partition: int) -> Hear:
        found[partition] = []
        return lambda records: found[partition].extend(filter(_forgets, records))

    await hear_log(settings, domain, begin, tell)
    return {partition: domain.erasures(records) for partition, records in found.items()}


def _forgets(record: Record) -> bool:
    return any(outcome.FORGETS for outcome in record.outcomes)


OF_ALL = (PolicyEvent, RetentionAdvanced, Tick)
"""Inputs for whole partitions that change how everything in them is decided or shown."""


class Repartitioned:
    """Another number of partitions. What has a key goes where the key is at home, in its order.

    What concerns a whole partition goes to those that come from it: where there are more than before, partition p
    goes on in p, p + before, p + 2·before, …; where there are fewer, in p modulo their number.
    """

    def __init__(self, before: int, after: int) -> None:
        self._before, self._after = before, after

    async def apply(self, records: Sequence[Record]) -> Sequence[Record]:
        """Nothing is computed anew."""
        return [self._counted(record) for record in records]

    def homes(self, partition: int, record: Record) -> Iterator[tuple[int, Record]]:
        """One for what has a key; for the others, those that come from this partition or that they touch."""
        record = replace(record, enriched_offset=None)
        key = None if record.event is None else key_of(record.event)
        if key is not None:
            yield home_of(key, self._after), record
            return
        said: dict[int, list[Outcome]] = {home: [] for home in self._homes(partition, record)}
        heirs = list(said)
        for outcome in record.outcomes:
            at = key_of_outcome(outcome)
            for home in heirs if at is None else [home_of(at, self._after)]:
                said.setdefault(home, []).append(outcome)
        for home, outcomes in said.items():
            yield home, replace(record, outcomes=tuple(outcomes))

    def _homes(self, partition: int, record: Record) -> Iterator[int]:
        whole = record.event is None or not isinstance(record.event.data, PartitionData)
        if whole or (record.event is not None and not isinstance(record.event.data, OF_ALL)):
            yield partition % self._after
        elif self._after >= self._before:
            yield from range(partition, self._after, self._before)
        else:
            yield partition % self._after

    def _counted(self, record: Record) -> Record:
        if not any(isinstance(each, PolicyAdopted) for each in record.outcomes):
            return record
        outcomes = tuple(
            each.model_copy(update={"partitions": self._after}) if isinstance(each, PolicyAdopted) else each
            for each in record.outcomes
        )
        return replace(record, outcomes=outcomes)
