"""What the tables hold, in a form that can be compared."""

from __future__ import annotations

from typing import Any

import asyncpg

TABLES = (
    "conversation_memory",
    "conversation_feedback",
    "owner_corrections",
    "learning_queue",
    "learning_sources",
    "response_analytics",
    "voice_transcripts",
    "knowledge_base_rag",
    "learning_audit_log",
    "positions",
    "shops",
)


async def rows(pool: asyncpg.Pool, table: str) -> list[dict[str, Any]]:
    """All rows of a table, in the order of their text."""
    found = await pool.fetch(f"SELECT to_jsonb(t) AS row FROM {table} AS t ORDER BY to_jsonb(t)::TEXT")
    return [row["row"] for row in found]


async def content(pool: asyncpg.Pool) -> dict[str, list[dict[str, Any]]]:
    """All rows of all tables."""
    return {table: await rows(pool, table) for table in TABLES}
