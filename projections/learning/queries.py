"""What edges read: the queue, the knowledge base, and what happened to each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import aiosql
from asyncpg import Pool
from pgvector import Vector as PgVector

from projections.positions import Positions
from projections.projection import Projection
from schemas.vector import Vector

Row = Mapping[str, Any]
"""One row by column names."""

AUDIT_ROWS = 200
"""How much of its history an item or piece of knowledge is shown with, at most."""


@dataclass(frozen=True, slots=True)
class After:
    """The last row of the page before."""

    created_at: datetime
    id: UUID


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


class LearningQueries:
    """Reads the tables of one schema."""

    def __init__(self, pool: Pool, projection: Projection, schema: str | None = None) -> None:
        self._pool = pool
        self._positions = Positions(schema or projection.name, projection.log)
        self._sql: Any = aiosql.from_path(Path(__file__).with_name("reading"), "asyncpg")

    async def model(self) -> str:
        """The embedding model whose vectors stand in the tables."""
        return await self._positions.model(self._pool)

    async def queue(
        self,
        shop_id: int,
        *,
        status: str | None = "pending",
        source_type: str | None = None,
        category: str | None = None,
        min_confidence: int | None = None,
        after: After | None = None,
        limit: int = 50,
    ) -> list[Row]:
        """One page of the shop's items, oldest first."""
        rows = self._sql.queue_page(
            self._pool,
            shop_id=shop_id,
            status=status,
            source_type=source_type,
            category=category,
            min_confidence=min_confidence,
            after_time=after and after.created_at,
            after_id=after and after.id,
            page_size=limit,
        )
        return await listed(rows)

    async def item(self, shop_id: int, id: UUID) -> Item | None:
        """The item and what belongs to it, all of one moment; None if the shop has no such item."""
        async with self._positions.reading(self._pool) as conn:
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
        return await listed(self._sql.queue_summary(self._pool, shop_id=shop_id))

    async def shops_with_approved_items(self) -> Mapping[int, int]:
        """How many items wait to be applied, by shop."""
        rows = await listed(self._sql.shops_with_approved_items(self._pool))
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
        rows = self._sql.knowledge_page(
            self._pool,
            shop_id=shop_id,
            status=status,
            category=category,
            after_time=after and after.created_at,
            after_id=after and after.id,
            page_size=limit,
        )
        return await listed(rows)

    async def search(self, shop_id: int, query: str, embedding: Vector | None, limit: int = 10) -> list[Row]:
        """Live knowledge by meaning and by words, best first. `embedding`: the query's, by the tables' model;
        without it only words count.
        """
        rows = self._sql.knowledge_search(
            self._pool,
            shop_id=shop_id,
            query=query,
            embedding=None if embedding is None else PgVector(embedding),
            most=limit,
        )
        return await listed(rows)

    async def knowledge_item(self, shop_id: int, id: UUID) -> Knowledge | None:
        """The piece of knowledge and its versions, all of one moment; None if the shop has no such."""
        async with self._positions.reading(self._pool) as conn:
            row = await self._sql.knowledge_item(conn, shop_id=shop_id, id=id)
            if row is None:
                return None
            versions = await listed(self._sql.knowledge_versions(conn, shop_id=shop_id, id=id))
            return Knowledge(dict(row), versions, await self._audit(conn, shop_id, id))

    async def erasures(self, shop_id: int | None = None) -> list[Row]:
        """Every erasure that was decided, oldest first; of all shops unless one is named."""
        return await listed(self._sql.erasures(self._pool, shop_id=shop_id))

    async def replaced_rows(self) -> int:
        """How many rows were replaced or removed and still stand in the files of the tables."""
        async with self._positions.reading(self._pool) as conn:
            found: int = await self._sql.replaced_rows(conn)
            return found

    async def _audit(self, conn: Any, shop_id: int, id: UUID) -> list[Row]:
        return await listed(self._sql.audit_of(conn, shop_id=shop_id, id=id, page_size=AUDIT_ROWS))


async def listed(rows: AsyncIterator[Any]) -> list[Row]:
    """The rows as plain dictionaries."""
    return [dict(row) async for row in rows]
