"""Stretches that were not handed over are told apart by what stands there."""

from __future__ import annotations

from dataclasses import replace

from schemas.enriched import Absent, Coordinates
from streams.enrichment.check import RawInput
from streams.enrichment.gaps import fill
from streams.enrichment.slices import SLICE_BYTES, slices
from tests.streams.enrichment.inputs import NOW_MS, raw

TOPIC = "learning.events"


def here(offset: int) -> RawInput:
    return replace(raw(b"{}", partition=1, offset=offset), appended_at=appended_at(offset))


def appended_at(offset: int) -> int:
    return NOW_MS + 1000 * offset


def absent(first: int, last: int) -> Absent:
    """As it is told before the input that follows."""
    return Absent(Coordinates(TOPIC, 1, first, appended_at(last + 1)), last)


def test_what_stands_there_is_enriched_and_the_rest_is_absent() -> None:
    cases: dict[str, tuple[list[RawInput], list[RawInput | Absent]]] = {
        "nothing": ([], [absent(3, 9)]),
        "all": ([here(o) for o in range(3, 10)], [here(o) for o in range(3, 10)]),
        "the first": ([here(3)], [here(3), absent(4, 9)]),
        "the last": ([here(9)], [absent(3, 8), here(9)]),
        "the middle": ([here(5), here(6)], [absent(3, 4), here(5), here(6), absent(7, 9)]),
    }
    for name, (found, expected) in cases.items():
        assert fill(3, found, here(10)) == expected, name


def test_a_stretch_that_goes_on_ends_with_what_was_found() -> None:
    assert fill(3, [here(4), here(6)]) == [absent(3, 3), here(4), absent(5, 5), here(6)]


def test_slices_keep_the_order_and_are_small_unless_one_input_is_not() -> None:
    sizes = [10, SLICE_BYTES - 10, 1, SLICE_BYTES + 5, 7, 7]
    inputs = [raw(b"x" * size, offset=offset) for offset, size in enumerate(sizes)]
    cut = list(slices([*inputs, absent(6, 8)]))
    assert [len(piece) for piece in cut] == [2, 1, 1, 3]
    assert [each for piece in cut for each in piece] == [*inputs, absent(6, 8)]
    assert list(slices([])) == []
