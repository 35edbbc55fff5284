"""A table finds the same, whether it was told what would be asked or not, and whatever changed in between."""

from __future__ import annotations

import pickle
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.vector import Vector
from streams.learning import index
from streams.learning.index import VectorTable, cosine

WIDTH = 8
IDS = st.integers(1, 40).map(lambda n: UUID(int=n))
CHANGES = st.lists(st.tuples(st.booleans(), IDS, st.integers(0, 30)), max_size=60)


def vector(seed: int) -> Vector:
    drawn = np.random.default_rng(seed).standard_normal(WIDTH).astype(np.float32)
    normalised: Vector = drawn / np.linalg.norm(drawn)
    return normalised


def changed(table: VectorTable, known: dict[UUID, Vector], changes: list[tuple[bool, UUID, int]]) -> None:
    for put, id, seed in changes:
        if put:
            table.put(id, vector(seed))
            known[id] = vector(seed)
        else:
            table.drop(id)
            known.pop(id, None)


@given(before=CHANGES, between=CHANGES, asked=st.sets(st.integers(0, 30)), copied=st.booleans())
def test_what_was_expected_is_found_as_if_it_had_not_been(
    before: list[tuple[bool, UUID, int]],
    between: list[tuple[bool, UUID, int]],
    asked: set[int],
    copied: bool,
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(index, "LARGE", 2)
        patch.setattr(index, "PRODUCT_BYTES", 256)
        table, known = VectorTable(), dict[UUID, Vector]()
        changed(table, known, before)
        table.expect([vector(seed) for seed in asked], 0.5)
        changed(table, known, between)
        if copied:
            table = pickle.loads(pickle.dumps(table))
        for seed in range(31):
            wanted = vector(seed)
            near = {id: s for id, each in known.items() if (s := cosine(each, wanted)) >= 0.5}
            assert dict(table.near(wanted, 0.5)) == near


def test_another_threshold_than_expected_is_held() -> None:
    table = VectorTable()
    for seed in range(index.LARGE):
        table.put(UUID(int=seed + 1), vector(seed))
    table.expect([vector(3)], 0.9)
    plain = VectorTable()
    for seed in range(index.LARGE):
        plain.put(UUID(int=seed + 1), vector(seed))
    assert sorted(table.near(vector(3), 0.2)) == sorted(plain.near(vector(3), 0.2))
