"""What edges read of the past: the audit page by page, what is decided as it comes, and whole conversations."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from projections.queries import Queries, Row, listed

Offsets = Mapping[int, int]
"""The next offset of each partition of the log."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Which rows of the audit are asked for; what is None is not asked for."""

    entity_id: UUID | None = None
    actor: str | None = None
    action: str | None = None
    from_time: datetime | None = None
    to_time: datetime | None = None
    """Not within."""


@dataclass(frozen=True, slots=True)
class AfterEntry:
    """The last row of the page before."""

    at: datetime
    log_offset: int
    id: UUID


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What was decided, in the order of each partition's log, and where what comes after it begins."""

    rows: list[Row]
    offsets: Offsets


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation, what was said about it, each oldest first, and the items that it is a source of."""

    row: Row
    feedback: list[Row]
    corrections: list[Row]
    calls: list[Row]
    responses: list[Row]
    items: list[Row]


class LearningHistory(Queries):
    """Of one shop, or of all that can be seen."""

    async def audit(
        self,
        shop_id: int | None,
        wanted: Entries = Entries(),
        *,
        after: AfterEntry | None = None,
        limit: int = 50,
    ) -> list[Row]:
        """One page of the audit, latest first, each row with the record of the log that says so."""
        told = {
            "shop_id": shop_id,
            "actor": wanted.actor,
            "action": wanted.action,
            "from_time": wanted.from_time,
            "to_time": wanted.to_time,
            "after_time": after and after.at,
            "after_offset": after and after.log_offset,
            "after_id": after and after.id,
            "page_size": limit,
        }
        if wanted.entity_id is None:
            return await self._rows("audit_page", **told)
        return await self._rows("audit_page_of", entity_id=wanted.entity_id, **told)

    async def shown(self) -> Offsets:
        """Where what is decided from now on begins, by partition."""
        async with self.sight.open() as conn:
            return await self._positions.next_offsets(conn)

    async def outcomes_after(
        self, offsets: Offsets, shops: Collection[int] | None = None, limit: int = 500
    ) -> Outcomes:
        """What was decided from these offsets on, as far as it is shown; `Outcomes.offsets` are those to go on from.

        A partition that is not named begins at its beginning. `shops`: only theirs, if not of all that can be seen.
        `limit`: records are told whole, so there may be some outcomes more. Offsets are of one generation of the
        log: `Positions.generation`.
        """
        async with self.sight.open() as conn:
            # First, and then what it bounds: rows come together with the position that shows them.
            shown = await self._positions.next_offsets(conn)
            begins = {number: offsets.get(number, 0) for number in shown}
            rows = await listed(
                self._sql.outcomes_between(
                    conn,
                    partitions=list(shown),
                    begins=list(begins.values()),
                    ends=list(shown.values()),
                    shop_ids=None if shops is None else list(shops),
                    most=limit,
                )
            )
        if len(rows) < limit:
            return Outcomes(rows, {number: max(begins[number], end) for number, end in shown.items()})
        told = {row["log_partition"]: row["log_offset"] + 1 for row in rows}
        return Outcomes(rows, begins | told)

    async def conversation(self, shop_id: int, id: UUID) -> Conversation | None:
        """The conversation and all that belongs to it; None if the shop has no such."""
        async with self.sight.open() as conn:
            row = await self._sql.conversation(conn, shop_id=shop_id, id=id)
            if row is None:
                return None
            about = ("feedback_of", "corrections_of", "calls_of", "responses_of", "items_of")
            found = [await listed(getattr(self._sql, name)(conn, shop_id=shop_id, id=id)) for name in about]
            return Conversation(dict(row), *found)
