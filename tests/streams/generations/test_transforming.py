"""What a log says under a transformation: the demo's scenario, decided in one partition, in several, and back."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from runtime.embedding import Embedder
from schemas.outcome import PolicyAdopted
from schemas.record import Record
from streams.enrichment.check import home_of
from streams.generations.comparing import Comparison, recall
from streams.generations.transforming import Reembedded, Repartitioned
from streams.learning.decider import Learning
from streams.partition import Decision, Machine
from tests.streams.learning.story import shop_content

MACHINE = Machine(Learning())


@pytest.fixture(scope="module")
def records(decided: list[Decision]) -> list[Record]:
    return [decision.record for decision in decided]


def spread(transformation: Repartitioned, log: Mapping[int, Sequence[Record]]) -> dict[int, list[Record]]:
    """The partitions that come of these; records of all partitions in the order of their times."""
    found: dict[int, list[Record]] = {}
    ordered = sorted(
        ((r.at, p, r.seq, r) for p, each in log.items() for r in each), key=lambda each: each[:3]
    )
    for _, partition, _, record in ordered:
        for home, said in transformation.homes(partition, record):
            found.setdefault(home, []).append(said)
    return found


def shops(records: Iterable[Record]) -> Mapping[int, Any]:
    """What is known of each shop after these records, from an opening that any partition could have."""
    state = MACHINE.new(0)
    for record in records:
        MACHINE.fold(state, record)
    return {id: shop_content(shop) for id, shop in state.domain.shops.items() if id}


def with_opening(opening: Record, records: Sequence[Record]) -> Sequence[Record]:
    return records if records[0].seq == 0 else [opening, *records]


def test_every_shop_is_known_alike_in_other_partitions(records: list[Record]) -> None:
    before = shops(records)
    made = spread(Repartitioned(1, 5), {0: records})
    assert len(before) == 3
    assert len(made) == 5
    for home, said in made.items():
        after = shops(with_opening(records[0], said))
        assert {home_of(b"%d" % id, 5) for id in after} <= {home}
        assert after == {id: before[id] for id in after}
    assert Counter(_shop_outcomes(records)) == Counter(
        each for said in made.values() for each in _shop_outcomes(said)
    )


def test_there_and_back_is_the_same(records: list[Record]) -> None:
    five = spread(Repartitioned(1, 5), {0: records})
    two = spread(Repartitioned(5, 2), five)
    one = spread(Repartitioned(2, 1), two)
    assert shops(one[0]) == shops(records)
    assert Counter(_shop_outcomes(one[0])) == Counter(_shop_outcomes(records))


def test_what_has_no_shop_stands_where_it_was_read_and_time_passes_everywhere(records: list[Record]) -> None:
    unreadable = [r for r in records if r.event is None and r.input is not None]
    ticks = [r for r in records if r.event is not None and r.event.type == "relearn.tick.v1"]
    assert unreadable
    assert ticks
    split = Repartitioned(2, 5)
    assert {home for r in unreadable for home, _ in split.homes(1, r)} == {1}
    assert [home for home, _ in split.homes(1, ticks[0]) if home in (1, 3)] == [1, 3]
    assert {home for home, _ in Repartitioned(5, 2).homes(4, unreadable[0])} == {0}


def _shop_outcomes(records: Iterable[Record]) -> list[Any]:
    return [(o.shop_id, r.event_id, o.model_dump_json()) for r in records for o in r.outcomes if o.shop_id]


async def test_every_partition_is_told_its_new_number(records: list[Record]) -> None:
    (opening,) = await Repartitioned(1, 3).apply(records[:1])
    assert [each.partitions for each in opening.outcomes if isinstance(each, PolicyAdopted)] == [3]


@pytest.fixture(scope="module")
def reembedded(records: list[Record], small_model: str) -> list[Record]:
    embedder = Embedder(small_model)
    made = asyncio.run(Reembedded(embedder).apply(records))
    embedder.close()
    return list(made)


def test_another_model_changes_vectors_and_nothing_that_was_decided(
    records: list[Record], reembedded: list[Record], small_model: str
) -> None:
    for before, after in zip(records, reembedded, strict=True):
        assert after.enrichment.vectors.keys() == before.enrichment.vectors.keys()
        assert after.enrichment.model in ("", small_model)
        assert [type(each) for each in after.outcomes] == [type(each) for each in before.outcomes]
        assert after.raw == before.raw
    carried = [each for record in reembedded for each in record.outcomes if each.carried]
    assert carried, "outcomes that carry words of earlier records"
    assert shops(reembedded) == shops(records)


def test_recall_is_of_ten_neighbours(records: list[Record], reembedded: list[Record]) -> None:
    same, other = Comparison(), Comparison()
    for before, after in zip(records, reembedded, strict=True):
        if before.enrichment.vectors:
            same.take(before, before)
            other.take(before, after)
    assert {each.recall for each in same.recalls().values()} <= {1.0, None}
    found = other.recalls()["question"]
    assert found.texts > 10
    assert found.recall is not None
    assert 0.3 < found.recall < 1.0


def test_recall_of_the_reverse_order_is_small() -> None:
    rng = np.random.default_rng(7)
    before, after = (rng.normal(size=(200, 16)).astype(np.float32) for _ in range(2))
    assert sum(recall(list(before), list(after))) / 200 < 0.2
    assert list(recall(list(before), list(before))) == [1.0] * 200
