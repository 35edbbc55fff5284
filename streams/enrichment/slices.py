"""Cuts what is to be enriched into pieces that take seconds, however large the inputs are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from schemas.enriched import Absent
from streams.enrichment.check import RawInput

SLICE_BYTES = 256 * 1024
"""At some hundred short texts a second and 50 bytes for the shortest turn, a piece takes less than a minute."""


def slices(inputs: Iterable[RawInput | Absent]) -> Iterator[list[RawInput | Absent]]:
    """The inputs in order, in pieces of at least one input and, beyond that, at most `SLICE_BYTES`."""
    piece: list[RawInput | Absent] = []
    size = 0
    for each in inputs:
        weight = len(each.value or b"") if isinstance(each, RawInput) else 0
        if piece and size + weight > SLICE_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(each)
        size += weight
    if piece:
        yield piece
