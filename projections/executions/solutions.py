"""Solutions: what worked, derived from the executions in the order of their decisions, as often as one likes.

A successful execution whose summary is near to a known solution of its task type strengthens that one, else begins
one. A failed execution that tried a known solution weakens it, and begins none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

import aiosql
import numpy as np
from asyncpg import Connection, Pool
from pgvector import Vector as PgVector

from projections.values import as_json
from schemas.identity import NAMESPACE
from schemas.vector import Vector

READING = Path(__file__).with_name("reading")
PAGE = 1000
DECIMALS = 4


@dataclass(slots=True)
class Solution:
    """One solution as it is known so far."""

    id: UUID
    task_type: str
    summary: str
    vector: Vector
    repos: list[str]
    uses: int
    successes: int
    mean_quality: float | None
    rated: int
    first_seen: datetime
    last_used: datetime

    def used(self, row: Mapping[str, Any]) -> None:
        """It was tried once more. A repo counts where it worked."""
        self.uses += 1
        self.successes += row["success"]
        if row["success"] and row["repo"] not in self.repos:
            self.repos = sorted([*self.repos, row["repo"]])
        if (quality := row["quality_score"]) is not None:
            self.rated += 1
            self.mean_quality = (self.mean_quality or 0) + (quality - (self.mean_quality or 0)) / self.rated
        self.last_used = max(self.last_used, row["timestamp"])


class Shelf:
    """The solutions of one task type, their vectors side by side."""

    def __init__(self) -> None:
        self._solutions: list[Solution] = []
        self._vectors = np.zeros((0, 0), dtype=np.float32)

    def add(self, solution: Solution) -> None:
        count = len(self._solutions)
        if count == len(self._vectors):
            grown = np.zeros((max(64, 2 * count), solution.vector.size), dtype=np.float32)
            if count:
                grown[:count] = self._vectors
            self._vectors = grown
        self._vectors[count] = solution.vector
        self._solutions.append(solution)

    def nearest(self, vector: Vector, threshold: float) -> Solution | None:
        """The one that is most similar, if it is so from the threshold on; of equals the first that was seen.

        Similarities count to four decimals: which order they are computed in does not matter.
        """
        if not self._solutions:
            return None
        similarities = np.round(self._vectors[: len(self._solutions)] @ vector, DECIMALS)
        highest = similarities.max()
        if highest < round(threshold, DECIMALS):
            return None
        equals = (self._solutions[at] for at in np.flatnonzero(similarities == highest))
        return min(equals, key=lambda each: (each.first_seen, each.id))


class Known:
    """The solutions of some task types, to be compared with."""

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._of: defaultdict[str, Shelf] = defaultdict(Shelf)
        self._changed: dict[UUID, Solution] = {}

    def lacks(self, task_types: Iterable[str]) -> list[str]:
        """Those of which nothing was ever asked or added."""
        return sorted(set(task_types) - self._of.keys())

    def add(self, solution: Solution) -> None:
        """Compares with this one, too."""
        self._of[solution.task_type].add(solution)

    def changed(self) -> list[Solution]:
        """What has changed since this was last asked."""
        changed, self._changed = self._changed, {}
        return list(changed.values())

    def learn(self, row: Mapping[str, Any]) -> None:
        """Takes the next execution in order."""
        vector = _normed(row["solution_embedding"])
        found = self._of[row["task_type"]].nearest(vector, self._threshold)
        if found is None and row["success"]:
            found = _begun(row, vector)
            self.add(found)
        if found is not None:
            found.used(row)
            self._changed[found.id] = found


class Solutions:
    """Derives the tables of one schema that no single record decides."""

    def __init__(self, pool: Pool, log: str) -> None:
        self._pool = pool
        self._log = log
        self._sql: Any = aiosql.from_path(READING / "solutions.sql", "asyncpg")
        self._performance: Any = aiosql.from_path(READING / "performance.sql", "asyncpg")

    async def derive(self, threshold: float, partitions: int) -> int:
        """Takes in what was decided since the last time; returns how many executions that were.

        Only what no partition can add anything before is taken, so that it does not matter how often this runs.
        """
        async with self._pool.acquire() as conn, conn.transaction():
            at = await self._sql.derivation_begins(conn, one=True)
            shown = await self._sql.decided_up_to(conn, topic=self._log)
            taken = 0
            if shown["partitions"] == partitions and shown["decided_at"] is not None:
                taken = await self._take(
                    conn, at["recorded_at"], at["task_id"], shown["decided_at"], threshold
                )
            await self._sql.forget_policies(conn)
            await self._sql.derive_policies(conn)
        return taken

    async def drop(self) -> None:
        """Forgets all that is derived; `derive` makes it again."""
        async with self._pool.acquire() as conn, conn.transaction():
            await self._sql.drop_derived(conn)

    async def refresh(self) -> None:
        """Recomputes the views, while they can be read."""
        await self._performance.refresh_performance(self._pool)

    async def _take(
        self, conn: Connection, recorded_at: datetime, task_id: str, before: datetime, threshold: float
    ) -> int:
        taken, known = 0, Known(threshold)
        while True:
            told = {"recorded_at": recorded_at, "task_id": task_id, "before": before, "page_size": PAGE}
            rows = [row async for row in self._sql.executions_to_learn_from(conn, **told)]
            if not rows:
                return taken
            if new := known.lacks(row["task_type"] for row in rows):
                for solution in await self._stored(conn, new):
                    known.add(solution)
            for row in rows:
                known.learn(row)
            await self._store(conn, known.changed())
            recorded_at, task_id = rows[-1]["recorded_at"], rows[-1]["task_id"]
            await self._sql.derivation_ends(conn, recorded_at=recorded_at, task_id=task_id)
            taken += len(rows)

    async def _stored(self, conn: Connection, task_types: Sequence[str]) -> list[Solution]:
        rows = self._sql.solutions_of(conn, task_types=task_types)
        return [
            Solution(
                **{name: value for name, value in row.items() if name != "embedding"},
                vector=_normed(row["embedding"]),
            )
            async for row in rows
        ]

    async def _store(self, conn: Connection, changed: Sequence[Solution]) -> None:
        await self._sql.store_solutions(
            conn,
            id=[each.id for each in changed],
            task_type=[each.task_type for each in changed],
            summary=[each.summary for each in changed],
            embedding=[PgVector(each.vector) for each in changed],
            repos=[as_json(each.repos) for each in changed],
            uses=[each.uses for each in changed],
            successes=[each.successes for each in changed],
            mean_quality=[each.mean_quality for each in changed],
            rated=[each.rated for each in changed],
            first_seen=[each.first_seen for each in changed],
            last_used=[each.last_used for each in changed],
        )


def _begun(row: Mapping[str, Any], vector: Vector) -> Solution:
    at = row["timestamp"]
    id = uuid5(NAMESPACE, f"solution/{row['task_id']}")
    return Solution(id, row["task_type"], row["solution_summary"], vector, [], 0, 0, None, 0, at, at)


def _normed(half: Any) -> Vector:
    """Half precision as the table has it, so that what is derived again is compared as it was."""
    vector = np.asarray(half.to_list(), dtype=np.float32)
    norm = float(np.linalg.norm(vector))
    return vector / norm if norm else vector
