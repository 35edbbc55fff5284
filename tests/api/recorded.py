"""What stands in the topics and tables behind the API."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any

from aiokafka import ConsumerRecord

from runtime import postgres
from runtime.reading import end_of, read, reader, tps_of
from runtime.settings import Settings
from schemas.topics import DOMAINS, LEARNING

Place = tuple[str, int, int]

TABLES = (
    "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'learning'::REGNAMESPACE AND c.relkind IN ('r', 'p')"
    " AND NOT c.relispartition AND EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid"
    " AND a.attname = 'shop_id') ORDER BY 1"
)


def inputs(settings: Settings) -> dict[Place, ConsumerRecord]:
    """Every message of every input topic, by topic (without prefix), partition and offset."""
    return asyncio.run(messages(settings))


async def messages(settings: Settings) -> dict[Place, ConsumerRecord]:
    """The same, for who has an event loop."""
    found = {}
    for domain in DOMAINS.values():
        for topic in domain.inputs:
            tps = await tps_of(settings, topic)
            async with reader(settings, *tps) as consumer:
                for tp in tps:
                    async for lot in read(consumer, tp, 0, await end_of(consumer, tp)):
                        found |= {(topic.name, m.partition, m.offset): m for m in lot}
    return found


def place_of(position: Mapping[str, Any]) -> Place:
    """Where an answer says that an event stands."""
    return position["topic"], position["partition"], position["offset"]


def fetched(settings: Settings, statement: str, *values: object) -> list[dict[str, Any]]:
    """What the tables of learning hold."""

    async def fetch() -> list[dict[str, Any]]:
        conn = await postgres.connect(settings, LEARNING.name)
        try:
            return [dict(row) for row in await conn.fetch(statement, *values)]
        finally:
            await conn.close()

    return asyncio.run(fetch())


def rows_of(settings: Settings, shop: int) -> Counter[str]:
    """All that the tables hold about a shop."""
    names = [row["relname"] for row in fetched(settings, TABLES)]
    return Counter(
        f"{name} {row['row']}"
        for name in names
        for row in fetched(
            settings, f"SELECT to_jsonb(t)::TEXT AS row FROM {name} t WHERE shop_id = $1", shop
        )
    )
