"""How another embedding model sees the texts of a log: who is near whom, before and after."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from aiokafka import TopicPartition

from runtime.reading import decode, end_of, read, reader, tps_of
from runtime.settings import Settings
from schemas.keys import key_of
from schemas.record import Record, RecordCodec
from schemas.vector import Vector
from streams.domain import Domain

NEIGHBOURS = 10
MOST = 2_000
"""Texts of one kind and one shop that are compared with each other."""


@dataclass
class _Texts:
    """Texts of one kind that are compared with each other, as both models see them."""

    before: list[Vector] = field(default_factory=list)
    after: list[Vector] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Recall:
    """How many of a text's ten nearest by one model are among its ten nearest by another, on average.

    None where no text has as many neighbours.
    """

    texts: int
    recall: float | None


@dataclass
class Comparison:
    """Takes records of one generation, each with the one that was made of it."""

    _texts: dict[tuple[bytes | None, str], _Texts] = field(default_factory=dict)

    def take(self, before: Record, after: Record) -> None:
        """One pair."""
        assert before.event is not None
        # Tasks are compared across their ids; what shops say only within a shop.
        home = key_of(before.event) if before.event.shop_id else None
        for part, embedded in before.enrichment.vectors.items():
            texts = self._texts.setdefault((home, part.partition("/")[0]), _Texts())
            if len(texts.before) < MOST:
                texts.before.append(embedded.vector)
                texts.after.append(after.enrichment.vectors[part].vector)

    def recalls(self) -> Mapping[str, Recall]:
        """By the kind of text."""
        found: dict[str, list[float]] = {}
        for (_, part), texts in sorted(self._texts.items(), key=lambda each: each[0][1]):
            if len(texts.before) > NEIGHBOURS:
                found.setdefault(part, []).extend(recall(texts.before, texts.after))
        kinds = sorted({part for _, part in self._texts})
        return {kind: _mean(found.get(kind, [])) for kind in kinds}


def recall(before: Sequence[Vector], after: Sequence[Vector]) -> Iterator[float]:
    """For each text, the share of its nearest by the first vectors that are nearest by the second, too."""
    for was, now in zip(_nearest(before), _nearest(after), strict=True):
        yield len(set(was) & set(now)) / NEIGHBOURS


def _nearest(vectors: Sequence[Vector]) -> Iterable[Any]:
    matrix = np.stack(vectors)
    similar = matrix @ matrix.T
    np.fill_diagonal(similar, -np.inf)
    nearest: Iterable[Any] = np.argpartition(-similar, NEIGHBOURS - 1, axis=1)[:, :NEIGHBOURS]
    return nearest


def _mean(recalls: Sequence[float]) -> Recall:
    return Recall(len(recalls), sum(recalls) / len(recalls) if recalls else None)


async def compare(before: Settings, after: Settings, domain: Domain[Any]) -> Mapping[str, Recall]:
    """Compares two generations of which one was made of the other by another model, record for record.

    `before`, `after`: the settings of each.
    """
    found, log = Comparison(), domain.topics.log
    codec = RecordCodec(domain.topics.types, domain.outcomes)
    for made_at, source_at in zip(await tps_of(after, log), await tps_of(before, log), strict=True):
        made, source = _with_vectors(after, made_at, codec), _with_vectors(before, source_at, codec)
        waiting: Record | None = None
        async for record in made:
            while waiting is None or waiting.seq < record.seq:
                waiting = await anext(source)
            found.take(waiting, record)
        await source.aclose()
    return found.recalls()


async def _with_vectors(settings: Settings, tp: TopicPartition, codec: RecordCodec) -> Any:
    async with reader(settings, tp) as consumer:
        async for lot in read(consumer, tp, 0, await end_of(consumer, tp)):
            for message in lot:
                record = decode(codec, message)
                if record.enrichment.vectors:
                    yield record
