"""What edges read: the queue, the knowledge base, and what happened to each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pgvector import Vector as PgVector

from projections.queries import Queries, Row, listed
from schemas.vector import Vector

LIKE_MARKS = re.compile(r"[\\%_]")
"""What LIKE does not take for itself."""

AUDIT_ROWS = 200
"""How much of its history an item or piece of knowledge is shown with, at most."""


ItemOrder = Literal["created_at", "updated_at", "confidence_score"]
"""What items can be sorted by."""


@dataclass(frozen=True, slots=True)
class After:
    """The last row of the page before: what the page is sorted by, and the id, which decides between equals."""

    value: datetime | int
    id: UUID


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items are asked for; what is None is not asked for."""

    status: str | None = None
    source_type: str | None = None
    category: str | None = None
    min_confidence: int | None = None
    max_confidence: int | None = None
    assigned_to: UUID | None = None
    is_assigned: bool | None = None
    text: str | None = None
    """Words, or parts of words, that all stand in the question or in what is proposed, whatever the case."""


@dataclass(frozen=True, slots=True)
class Item:
    """An item with all that a reviewer wants to see beside it."""

    row: Row
    sources: list[Row]
    conflicts: list[Row]
    """Items of the same topic that answer otherwise."""
    neighbours: list[Row]
    """Items that it was compared with; `metadata.neighbours` of the row holds all, with similarities."""
    audit: list[Row]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """A piece of knowledge with its other versions, oldest first, itself included."""

    row: Row
    versions: list[Row]
    audit: list[Row]


PENDING = Wanted(status="pending")


class LearningQueries(Queries):
    """Of the queue and of the knowledge base."""

    async def queue(
        self,
        shop_id: int | None,
        wanted: Wanted = PENDING,
        *,
        order: ItemOrder = "created_at",
        descending: bool = False,
        after: After | None = None,
        limit: int = 50,
    ) -> list[Row]:
        """One page of items, of this shop or of all that can be seen. `after` is of a page in the same order."""
        told = asdict(wanted)
        text = told.pop("text")
        async with self.sight.open() as conn:
            page = await listed(
                self._page(order, descending)(
                    conn,
                    shop_id=shop_id,
                    like=None if text is None else _patterns(text),
                    after_value=after and after.value,
                    after_id=after and after.id,
                    page_size=limit,
                    **told,
                )
            )
            shop_ids, ids = [row["shop_id"] for row in page], [row["id"] for row in page]
            return await listed(self._sql.queue_entries(conn, shop_ids=shop_ids, ids=ids))

    def _page(self, order: ItemOrder, descending: bool) -> Any:
        """The statement of this order: there is one for each, so that an index can give it."""
        return getattr(self._sql, f"items_by_{order}{'_descending' if descending else ''}")

    async def item(self, shop_id: int, id: UUID) -> Item | None:
        """The item and what belongs to it, all of one moment; None if the shop has no such item."""
        async with self.sight.open() as conn:
            row = await self._sql.queue_item(conn, shop_id=shop_id, id=id)
            if row is None:
                return None
            near = [n["id"] for n in row["metadata"]["neighbours"] if n["entity"] == "item"]
            named = self._sql.items_named
            return Item(
                dict(row),
                await listed(self._sql.item_sources(conn, shop_id=shop_id, id=id)),
                await listed(named(conn, shop_id=shop_id, ids=row["metadata"]["conflicts"])),
                await listed(named(conn, shop_id=shop_id, ids=near)),
                await self._audit(conn, shop_id, id),
            )

    async def summary(self, shop_id: int | None = None) -> list[Row]:
        """How many items of each source and status; of all shops unless one is named."""
        return await self._rows("queue_summary", shop_id=shop_id)

    async def shops_with_approved_items(self) -> Mapping[int, int]:
        """How many items wait to be applied, by shop."""
        rows = await self._rows("shops_with_approved_items")
        return {row["shop_id"]: row["items"] for row in rows}

    async def knowledge(
        self,
        shop_id: int,
        *,
        status: str | None = "live",
        category: str | None = None,
        after: After | None = None,
        limit: int = 50,
    ) -> list[Row]:
        """One page of the shop's knowledge, oldest first."""
        return await self._rows(
            "knowledge_page",
            shop_id=shop_id,
            status=status,
            category=category,
            after_time=after and after.value,
            after_id=after and after.id,
            page_size=limit,
        )

    async def search(self, shop_id: int, query: str, embedding: Vector | None, limit: int = 10) -> list[Row]:
        """Live knowledge by meaning and by words, best first. `embedding`: the query's, by the tables' model;
        without it only words count.
        """
        return await self._search("knowledge_search", shop_id, query, embedding, limit)

    async def explained(
        self, shop_id: int, query: str, embedding: Vector | None, limit: int = 10
    ) -> list[Row]:
        """What `search` finds, and why: the rank by question, by answer and by words (from 1; None where it was not
        found so), both cosines, and the share of the query's words that it has. score is the sum of 1 / (60 + rank)
        over the three, that of words times their share.
        """
        return await self._search("knowledge_explained", shop_id, query, embedding, limit)

    async def _search(
        self, statement: str, shop_id: int, query: str, embedding: Vector | None, limit: int
    ) -> list[Row]:
        vector = None if embedding is None else PgVector(embedding)
        return await self._rows(statement, shop_id=shop_id, query=query, embedding=vector, most=limit)

    async def knowledge_item(self, shop_id: int, id: UUID) -> Knowledge | None:
        """The piece of knowledge and its versions, all of one moment; None if the shop has no such."""
        async with self.sight.open() as conn:
            row = await self._sql.knowledge_item(conn, shop_id=shop_id, id=id)
            if row is None:
                return None
            versions = await listed(self._sql.knowledge_versions(conn, shop_id=shop_id, id=id))
            return Knowledge(dict(row), versions, await self._audit(conn, shop_id, id))

    async def transcript(self, shop_id: int, conversation: UUID) -> str | None:
        """What was said in a conversation, a line for each turn; None where it is not known, or not any more."""
        async with self.sight.open() as conn:
            words: str | None = await self._sql.transcript(conn, shop_id=shop_id, id=conversation)
            return words

    async def erasures(self, shop_id: int | None = None) -> list[Row]:
        """Every erasure that was decided, oldest first; of all shops unless one is named."""
        return await self._rows("erasures", shop_id=shop_id)

    async def copies(self) -> list[str]:
        """The names of other schemas in this database that have such tables."""
        return [row["nspname"] for row in await self._rows("copies")]

    async def replaced_rows(self) -> int:
        """How many rows were replaced or removed and still stand in the files of the tables."""
        async with self.sight.open() as conn:
            found: int = await self._sql.replaced_rows(conn)
            return found

    async def _audit(self, conn: Any, shop_id: int, id: UUID) -> list[Row]:
        return await listed(self._sql.audit_of(conn, shop_id=shop_id, id=id, page_size=AUDIT_ROWS))


def _patterns(text: str) -> list[str]:
    """Of LIKE: one for each word, wherever it stands."""
    return ["%" + LIKE_MARKS.sub(r"\\\g<0>", word) + "%" for word in text.split()]
