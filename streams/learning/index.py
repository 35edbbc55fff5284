"""The live vectors of one shop, compared exactly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from schemas.vector import Vector

DECIMALS = 4
"""Similarities are rounded to this before anything is held against a threshold."""

MARGIN = 10.0**-DECIMALS
"""A product of matrices may differ from a product of two vectors in the last bits: what it finds so little below
the threshold is compared again.
"""

LARGE = 1_000
"""A product with fewer vectors takes no time worth saving."""

PRODUCT_BYTES = 64 * 1024 * 1024
"""The largest product held at once."""


def cosine(left: Vector, right: Vector) -> float:
    """The rounded cosine of two normalised vectors."""
    return round(float(np.dot(left, right)), DECIMALS)


class VectorTable:
    """Vectors by the id of what they belong to.

    One product of a vector with all of them reads 1.5 kB a vector; one for many vectors at once reads it once. So
    a table can be told what will be asked, and then looks, when it is asked, only at what has changed since.
    """

    __slots__ = ("_changed", "_expected", "_given", "_ids", "_rows", "_threshold", "_vectors")

    def __init__(self) -> None:
        self._ids: list[UUID] = []
        self._given: list[Vector] = []
        """The vectors as they were put: texts have them, too, and so a saved state holds each of them once."""
        self._rows: dict[UUID, int] = {}
        self._vectors: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)
        self._forget()

    def _forget(self) -> None:
        self._expected: dict[bytes, list[int]] = {}
        self._threshold = 0.0
        self._changed: set[int] = set()

    def __getstate__(self) -> Any:
        return self._ids, self._given

    def __setstate__(self, state: Any) -> None:
        self._ids, self._given = state
        self._vectors = np.stack(self._given) if self._given else np.empty((0, 0), dtype=np.float32)
        self._rows = {id: row for row, id in enumerate(self._ids)}
        self._forget()

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, id: UUID) -> bool:
        return id in self._rows

    def put(self, id: UUID, vector: Vector) -> None:
        """Adds a vector, or replaces the one of this id."""
        row = self._rows.get(id)
        if row is None:
            row = self._rows[id] = len(self._ids)
            self._ids.append(id)
            self._given.append(vector)
            if row >= len(self._vectors):
                grown = np.zeros((max(16, 2 * row), len(vector)), dtype=np.float32)
                grown[:row] = self._vectors[:row] if row else 0
                self._vectors = grown
        self._given[row], self._vectors[row] = vector, vector
        self._note(row)

    def drop(self, id: UUID) -> None:
        """Removes a vector, if it is there; the last one takes its row."""
        row = self._rows.pop(id, None)
        if row is None:
            return
        last, given = self._ids.pop(), self._given.pop()
        if last != id:
            self._ids[row], self._given[row] = last, given
            self._rows[last] = row
            self._vectors[row] = self._vectors[len(self._ids)]
            self._note(row)
        self._vectors[len(self._ids)] = 0

    def _note(self, row: int) -> None:
        if self._expected:
            self._changed.add(row)

    def expect(self, vectors: Iterable[Vector], threshold: float) -> None:
        """Prepares `near` for these vectors and this threshold, and forgets what was expected before."""
        self._forget()
        wanted = {vector.tobytes(): vector for vector in vectors}
        if len(self) < LARGE or not wanted:
            return
        self._threshold = threshold
        found = self._near_rows(np.stack(list(wanted.values())), threshold)
        self._expected = dict(zip(wanted, found, strict=True))

    def _near_rows(self, asked: NDArray[np.float32], threshold: float) -> list[list[int]]:
        """For each of these vectors the rows that may be near enough."""
        found: list[list[int]] = [[] for _ in asked]
        step = max(1, PRODUCT_BYTES // (4 * len(asked)))
        for begin in range(0, len(self), step):
            product = asked @ self._vectors[begin : min(begin + step, len(self))].T
            for number, row in np.argwhere(product >= threshold - MARGIN).tolist():
                found[number].append(begin + row)
        return found

    def near(self, vector: Vector, threshold: float) -> list[tuple[UUID, float]]:
        """Ids with their rounded cosine at or above the threshold, in no particular order."""
        compared = ((row, cosine(self._vectors[row], vector)) for row in self._candidates(vector, threshold))
        return [(self._ids[row], similarity) for row, similarity in compared if similarity >= threshold]

    def _candidates(self, vector: Vector, threshold: float) -> Iterable[int]:
        """The rows that may be near enough, and perhaps some more."""
        if not self._ids:
            return ()
        known = self._expected.get(vector.tobytes()) if threshold == self._threshold else None
        if known is None:
            found: list[int] = np.flatnonzero(
                self._vectors[: len(self)] @ vector >= threshold - MARGIN
            ).tolist()
            return found
        return (row for row in self._changed.union(known) if row < len(self))
