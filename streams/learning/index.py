"""The live vectors of one shop, compared exactly."""

from __future__ import annotations

from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from schemas.vector import Vector

DECIMALS = 4
"""Similarities are rounded to this before anything is held against a threshold."""


def cosine(left: Vector, right: Vector) -> float:
    """The rounded cosine of two normalised vectors."""
    return round(float(np.dot(left, right)), DECIMALS)


class VectorTable:
    """Vectors by the id of what they belong to. One matrix product finds all that are near."""

    __slots__ = ("_ids", "_rows", "_vectors")

    def __init__(self) -> None:
        self._ids: list[UUID] = []
        self._rows: dict[UUID, int] = {}
        self._vectors: NDArray[np.float32] = np.empty((0, 0), dtype=np.float32)

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
            if row >= len(self._vectors):
                grown = np.zeros((max(16, 2 * row), len(vector)), dtype=np.float32)
                grown[:row] = self._vectors[:row] if row else 0
                self._vectors = grown
        self._vectors[row] = vector

    def drop(self, id: UUID) -> None:
        """Removes a vector, if it is there; the last one takes its row."""
        row = self._rows.pop(id, None)
        if row is None:
            return
        last = self._ids.pop()
        if last != id:
            self._ids[row] = last
            self._rows[last] = row
            self._vectors[row] = self._vectors[len(self._ids)]

    def near(self, vector: Vector, threshold: float) -> list[tuple[UUID, float]]:
        """Ids with their rounded cosine at or above the threshold, in no particular order."""
        if not self._ids:
            return []
        cosines = np.round(self._vectors[: len(self._ids)] @ vector, DECIMALS)
        return [
            (self._ids[row], round(float(cosines[row]), DECIMALS))
            for row in np.flatnonzero(cosines >= np.float32(threshold))
        ]
