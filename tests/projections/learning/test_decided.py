"""What is shown is what the decider knows, for histories that it decided itself."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from projections.learning.projection import PROJECTION
from projections.meters import Meters
from projections.writer import Entry, Writer
from runtime.migration import Migrator
from runtime.postgres import create_pool
from runtime.settings import Settings
from schemas.words import ERASED
from streams.learning.state import Item, Knowledge, Text
from tests.streams.learning.erasing_stories import HISTORIES, tell
from tests.streams.learning.story import MODEL, WIDTH, Story


@pytest.fixture
async def tables(empty_database: str) -> Settings:
    """Tables for the vectors of the stories."""
    conn = await asyncpg.connect(empty_database)
    await Migrator("learning", dimensions=WIDTH, model=MODEL).upgrade(conn)
    await conn.close()
    return Settings(kafka_bootstrap_servers="nowhere:9092", database_url=empty_database)


async def show(tables: Settings, story: Story, partition: int, size: int) -> None:
    """Shows the story's records as a partition of its own, in batches of this size."""
    entries = [Entry(n, PROJECTION.codec.encode(record)) for n, record in enumerate(story.records)]
    async with await create_pool(tables, "learning", min_size=0) as pool:
        writer = Writer(PROJECTION, pool, "learning", Meters("learning", CollectorRegistry()))
        at = await writer.position(partition)
        for first in range(0, len(entries), size):
            at = await writer.write(partition, at, entries[first : first + size])
        items = await pool.fetch("SELECT * FROM learning_queue WHERE shop_id = $1", partition)
        known = await pool.fetch("SELECT * FROM knowledge_base_rag WHERE shop_id = $1", partition)
    assert {row["id"]: shown_item(row) for row in items} == {
        id: decided_item(item) for id, item in story.shop.items.items()
    }
    assert {row["id"]: shown_knowledge(row) for row in known} == {
        id: decided_knowledge(knowledge) for id, knowledge in story.shop.knowledge.items()
    }


def words(text: Text | None) -> str | None:
    return None if text is None else text.words


def vector(text: Text | None) -> list[float] | None:
    return None if text is None else text.vector.tolist()


def numbers(shown: Any) -> list[float] | None:
    return None if shown is None else shown.to_list()  # type: ignore[no-any-return]


def shown_item(row: Any) -> Any:
    metadata = row["metadata"]
    return (
        (row["status"], row["version"], row["confidence_score"], metadata["target"]),
        (row["question"], row["proposed_content"], row["category"]),
        (numbers(row["question_embedding"]), numbers(row["embedding"])),
        [(source["source_id"], source["actor_id"]) for source in metadata["sources"]],
        metadata["conflicts"],
        (row["assigned_to"], row["assigned_at"]),
        (
            metadata.get("needs_second_pair", False),
            [source.get("second_pair_for") for source in metadata["sources"]],
        ),
    )


def decided_item(item: Item) -> Any:
    content = item.texts.answer or item.texts.complaint or item.texts.question
    return (
        (item.status, item.version, item.confidence, item.target and str(item.target)),
        (words(item.texts.question), words(content) or ERASED, item.category),
        (vector(item.texts.question), vector(content)),
        [(str(said.source.source_id), said.source.actor_id) for said in item.sources],
        sorted(map(str, item.conflicts)),
        (item.assigned_to, item.assigned_at),
        (item.needs_second_pair, [said.second_pair_for for said in item.sources]),
    )


def shown_knowledge(row: Any) -> Any:
    return (
        (row["status"], row["superseded_by"], row["disputes"], row["item_id"]),
        (row["question"], row["content"], row["category"]),
        (numbers(row["question_embedding"]), numbers(row["embedding"])),
        row["metadata"].get("external_id"),
    )


def decided_knowledge(knowledge: Knowledge) -> Any:
    question, answer = knowledge.texts.question, knowledge.texts.answer
    return (
        (knowledge.status, knowledge.superseded_by, knowledge.disputes, knowledge.item_id),
        (words(question), words(answer) or ERASED, knowledge.category),
        (vector(question), vector(answer)),
        knowledge.imported_as[1] if knowledge.imported_as else None,
    )


def test_the_tables_are_the_deciders_state(tables: Settings) -> None:
    partitions = itertools.count(1)

    @settings(
        max_examples=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.reuse, Phase.generate),
    )
    @given(HISTORIES.filter(lambda history: len(history) > 5), st.sampled_from([1, 4, 1000]))
    def shown(history: list[Any], size: int) -> None:
        partition = next(partitions)
        asyncio.run(show(tables, tell(history, shop=partition), partition, size))

    shown()
