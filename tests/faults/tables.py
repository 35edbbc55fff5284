"""What stands in tables and topics, so that two runs can be compared."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition

from runtime.postgres import connect
from runtime.reading import end_of, read, reader
from runtime.settings import Settings
from schemas.topics import DEAD_LETTERS, LEARNING

SHOWN_SECONDS = 120.0

PLACES = {
    "learning_audit_log": ("log_offset", "id"),
    "executions_audit_log": ("log_offset",),
    "positions": ("next_offset",),
    "schema_migrations": ("applied_at",),
}
"""Columns that hold offsets in the log, or follow from them: transactions leave markers between records, and a
disturbed run has more of them. And when the tables were made.
"""


async def messages(settings: Settings, topic: str, partition: int) -> list[ConsumerRecord]:
    """All committed messages of a partition; `topic` is the name without prefix."""
    tp = TopicPartition(settings.topic(topic), partition)
    async with reader(settings, tp) as consumer:
        return [m async for lot in read(consumer, tp, 0, await end_of(consumer, tp)) for m in lot]


async def published(settings: Settings) -> dict[tuple[str, int], list[tuple[bytes | None, bytes | None]]]:
    """All that deciders ever said, in order, by topic and partition."""
    topics = (LEARNING.log.name, *(feed.name for feed in LEARNING.feeds), DEAD_LETTERS.name)
    return {
        (topic, partition): [(m.key, m.value) for m in await messages(settings, topic, partition)]
        for topic in topics
        for partition in range(settings.partitions)
    }


async def tables(settings: Settings, domain: str = LEARNING.name) -> dict[str, list[str]]:
    """All rows of all tables as text, sorted, without what depends on offsets in the log."""
    conn = await connect(settings, domain)
    try:
        names = [
            row["tablename"]
            for row in await conn.fetch(
                "SELECT tablename FROM pg_tables t WHERE schemaname = $1 AND NOT EXISTS"
                " (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
                "  WHERE c.relname = t.tablename)",
                domain,
            )
        ]
        return {name: await _rows(conn, name) for name in sorted(names)}
    finally:
        await conn.close()


async def positions(settings: Settings) -> dict[int, int]:
    """How many records of each partition of the log are shown."""
    conn = await connect(settings, LEARNING.name)
    try:
        return {
            row["partition"]: row["seq"] for row in await conn.fetch("SELECT partition, seq FROM positions")
        }
    finally:
        await conn.close()


async def until_shown(settings: Settings, records: Mapping[int, int]) -> None:
    """Waits until so many records of each partition of the log are in the tables."""
    async with asyncio.timeout(SHOWN_SECONDS):
        while await positions(settings) != records:
            await asyncio.sleep(0.1)


async def _rows(conn: Any, table: str) -> list[str]:
    places = list(PLACES.get(table, ()))
    found = await conn.fetch(f"SELECT (to_jsonb(t) - $1::TEXT[])::TEXT AS row FROM {table} t", places)
    return sorted(row["row"] for row in found)
