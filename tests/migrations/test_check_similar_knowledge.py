"""The function finds what an exact search finds, in a small shop and in a large one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import asyncpg
import numpy as np
import pytest

from runtime.migration import Migrator

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
LARGE, SMALL, OTHERS = 10_500, 200, 12_000
ADD = """INSERT INTO knowledge_base_rag (shop_id, id, content, embedding, status, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $6)"""
FIND = "SELECT id, content, similarity FROM check_similar_knowledge($1, $2, $3, $4)"


def _towards(cosine: float) -> np.ndarray:
    vector = np.zeros(16, dtype=np.float32)
    vector[0], vector[1] = cosine, np.sqrt(1 - cosine**2)
    return vector


async def test_only_live_knowledge_of_the_shop_at_or_above_the_threshold_nearest_first(
    learning: asyncpg.Connection, new_id: Callable[[], UUID]
) -> None:
    rows = [
        (7, "far", 0.8499, "live"), (7, "at", 0.85, "live"), (7, "near", 0.99, "live"),
        (7, "gone", 1.0, "retracted"), (7, "old", 1.0, "superseded"), (8, "theirs", 1.0, "live"),
    ]  # fmt: skip
    for shop, content, cosine, status in rows:
        await learning.execute(ADD, shop, new_id(), content, _towards(cosine), status, NOON)
    found = await learning.fetch(
        "SELECT content, similarity FROM check_similar_knowledge(7, 'other', $1)", _towards(1.0)
    )
    assert [tuple(row) for row in found] == [("near", Decimal("0.9900")), ("at", Decimal("0.8500"))]


async def test_the_same_text_is_found_without_a_vector_and_before_nearer_ones(
    learning: asyncpg.Connection, new_id: Callable[[], UUID]
) -> None:
    await learning.execute(ADD, 7, new_id(), "Within 30 days, always.", _towards(0.1), "live", NOON)
    await learning.execute(
        ADD, 7, new_id(), "Within 14 days.", _towards(0.95), "live", NOON - timedelta(days=1)
    )
    by_text = await learning.fetch(FIND, 7, "  within 30 DAYS always!", None, 0.85)
    assert [(row["content"], row["similarity"]) for row in by_text] == [("Within 30 days, always.", 1)]
    both = await learning.fetch(FIND, 7, "within 30 days always", _towards(1.0), 0.85)
    assert [row["similarity"] for row in both] == [Decimal("1.0000"), Decimal("0.9500")]


@pytest.fixture
async def crowd(learning: asyncpg.Connection) -> tuple[np.ndarray, np.ndarray]:
    """Shops and unit vectors of a table with one large shop and many small ones; row i has id i + 1."""
    random = np.random.default_rng(5)
    shops = np.concatenate([np.full(LARGE, 1), np.full(SMALL, 2), random.integers(3, 3_000, OTHERS)])
    random.shuffle(shops)
    vectors = random.normal(size=(len(shops), 16)).astype(np.float32)
    # The large shop speaks of other things than the queries, so that a plain index scan meets only strangers.
    vectors[shops == 1, 0] -= 6
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    migrator = Migrator("learning", dimensions=16)
    await migrator.downgrade(learning, to="0013_metrics")  # an index is built faster after loading
    await learning.copy_records_to_table(
        "knowledge_base_rag",
        schema_name="learning",
        columns=["shop_id", "id", "content", "embedding", "status", "created_at", "updated_at"],
        records=[
            (int(shop), UUID(int=row + 1), f"text {row}", vectors[row], "live", NOON, NOON)
            for row, shop in enumerate(shops)
        ],
    )
    await migrator.upgrade(learning)
    await learning.execute("ANALYZE knowledge_base_rag")
    return shops, vectors


async def test_recall_is_exact_in_small_shops_and_high_in_large_ones(
    learning: asyncpg.Connection, crowd: tuple[np.ndarray, np.ndarray]
) -> None:
    shops, vectors = crowd
    queries = np.random.default_rng(6).normal(size=(20, 16)).astype(np.float32)
    queries /= np.linalg.norm(queries, axis=1, keepdims=True)
    assert await _recall(learning, 2, queries, shops, vectors) == 1.0
    scans = await _hnsw_scans(learning)
    assert await _recall(learning, 1, queries, shops, vectors) >= 0.95
    assert await _hnsw_scans(learning) == scans + len(queries), "the large shop is searched by the index"


async def _recall(
    conn: asyncpg.Connection, shop: int, queries: np.ndarray, shops: np.ndarray, vectors: np.ndarray
) -> float:
    rows = np.flatnonzero(shops == shop)
    hits = 0
    for query in queries:
        nearest = rows[np.argsort(-(vectors[rows] @ query))[:10]]
        found = await conn.fetch(FIND, shop, "no such text", query, -1)
        hits += len({UUID(int=int(row) + 1) for row in nearest} & {row["id"] for row in found})
    return hits / (10 * len(queries))


async def _hnsw_scans(conn: asyncpg.Connection) -> int:
    await conn.execute("SELECT pg_stat_force_next_flush()")
    scans: int = await conn.fetchval(
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'idx_knowledge_embedding_hnsw'"
    )
    return scans
