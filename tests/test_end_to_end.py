"""Events in, reviewed knowledge out: the real tree, as `relearn up` runs it, with a part killed on the way."""

from __future__ import annotations

import asyncio
import os
import pickle
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from cli.status import until_caught_up
from cli.tree import Layout, Tree, grown
from cli.up import until_ready
from runtime.appender import Appender
from runtime.clock import SystemClock
from runtime.kafka import consumer, producer
from runtime.postgres import connect
from schemas.correction import ResponseCorrected
from schemas.event import Event, EventData
from schemas.feedback import FeedbackGiven
from schemas.identity import identity
from schemas.review import ApplyRequested, ItemApproved
from streams.learning.decider import Learning
from streams.snapshot import Snapshots
from tests.cli.running import relearn
from tests.projections.learning import shown
from tests.streams.learning.story import name

REVIEWER = name("reviewer")
CAUGHT_UP_SECONDS = 120
TABLES = [table for table in shown.TABLES if table != "positions"]

pytestmark = pytest.mark.timeout(300)


@asynccontextmanager
async def producing(tree: Tree) -> AsyncIterator[AIOKafkaProducer]:
    sender = producer(tree.settings)
    await sender.start()
    try:
        yield sender
    finally:
        await sender.stop()


def event(id: str, shop: int, data: EventData) -> Event[Any]:
    return Event(name(id), "/tests", datetime.now(UTC), shop, None, data)


def correction(question: str, answer: str, by: str) -> ResponseCorrected:
    return ResponseCorrected(
        conversation_id=name(f"talk with {by}"), question=question, original_response="I do not know.",
        corrected_answer=answer, actor_id=by,
    )  # fmt: skip


def complaint(question: str, by: str) -> FeedbackGiven:
    return FeedbackGiven(
        conversation_id=name(f"talk with {by}"), feedback_type="thumbs_down", question=question, actor_id=by
    )


async def rows(tree: Tree, query: str, *arguments: object) -> list[tuple[Any, ...]]:
    await until_caught_up(tree.settings, CAUGHT_UP_SECONDS)
    conn = await connect(tree.settings, "learning")
    try:
        return [tuple(row) for row in await conn.fetch(query, *arguments)]
    finally:
        await conn.close()


async def feed(tree: Tree, id: UUID) -> list[bytes | None]:
    """What `knowledge.live` says of one piece of knowledge."""
    reader = consumer(tree.settings)
    await reader.start()
    try:
        topic = tree.settings.topic("knowledge.live")
        partitions = [TopicPartition(topic, p) for p in range(tree.settings.partitions)]
        reader.assign(partitions)
        await reader.seek_to_beginning(*partitions)
        said: list[bytes | None] = []
        for partition, end in (await reader.end_offsets(partitions)).items():
            while await reader.position(partition) < end:
                batches = await reader.getmany(partition, timeout_ms=500)
                said += [m.value for batch in batches.values() for m in batch if m.key == str(id).encode()]
        return said
    finally:
        await reader.stop()


async def test_events_become_reviewed_knowledge(folder: Path) -> None:
    async with grown(Layout(folder), SystemClock(), print) as tree:
        await until_ready(tree)
        async with producing(tree) as sender:
            appender = Appender(sender, tree.settings.topic)
            await two_shops_say_the_same(tree, appender)
            await bad_input_harms_nobody(tree, appender, sender)
            await killed_parts_come_back(tree, appender)
            await a_reviewer_makes_it_knowledge(tree, appender)
            await the_owner_is_forgotten(tree)
            await what_is_urgent_needs_a_second_pair_of_eyes(tree, appender, folder)


async def two_shops_say_the_same(tree: Tree, appender: Appender) -> None:
    """Same ids, same texts: neither sees anything of the other."""
    for shop in (7, 8):
        await appender.append(
            event("c1", shop, correction("How long do refunds take?", "Refunds take 14 days.", "owner")),
            event("f1", shop, complaint("How long does a refund take?", "ann")),
            event("f1", shop, complaint("How long does a refund take?", "ann")),
        )
    found = await rows(
        tree, "SELECT shop_id, id, status, confidence_score FROM learning_queue ORDER BY shop_id"
    )
    assert found == [(shop, identity(shop, name("c1"), "item"), "pending", 80) for shop in (7, 8)]
    assert await rows(tree, "SELECT shop_id, count(*) FROM conversation_feedback GROUP BY 1 ORDER BY 1") == [
        (7, 1),
        (8, 1),
    ]
    repeats = "SELECT shop_id FROM learning_audit_log WHERE action = 'DuplicateIgnored' ORDER BY 1"
    assert await rows(tree, repeats) == [(7,), (8,)]


async def bad_input_harms_nobody(tree: Tree, appender: Appender, sender: AIOKafkaProducer) -> None:
    approval = orjson.dumps(
        {
            "specversion": "1.0", "id": str(name("bad")), "source": "/tests", "shopid": 7,
            "type": "relearn.item.approved.v1", "time": datetime.now(UTC).isoformat(),
            "data": {"item_id": str(name("x")), "reviewer_id": str(REVIEWER)},
        }
    )  # fmt: skip
    for value in (b"{", approval):
        await sender.send_and_wait(tree.settings.topic("learning.events"), value, key=b"7")
    await appender.append(event("f2", 7, complaint("Do you sell gift cards?", "bob")))
    reasons = await rows(
        tree, "SELECT after->>'reason' FROM learning_audit_log WHERE action = 'DeadLettered' ORDER BY 1"
    )
    assert [("belongs in learning.reviews" in reason, "not JSON" in reason) for (reason,) in reasons] == [
        (False, True),
        (True, False),
    ]
    assert await rows(tree, "SELECT count(*) FROM learning_queue WHERE shop_id = 7") == [(2,)]


async def killed_parts_come_back(tree: Tree, appender: Appender) -> None:
    for part in ("decider", "projector"):
        os.kill(tree.pids[part], signal.SIGKILL)
    await appender.append(
        *(event(f"k{n}", 9, complaint(f"Question {n}?", f"customer {n}")) for n in range(50))
    )
    assert await rows(
        tree, "SELECT count(*), count(DISTINCT id) FROM conversation_feedback WHERE shop_id = 9"
    ) == [(50, 50)]


async def a_reviewer_makes_it_knowledge(tree: Tree, appender: Appender) -> None:
    item = identity(7, name("c1"), "item")
    await appender.append(
        event("a1", 7, ItemApproved(item_id=item, reviewer_id=REVIEWER, category="refunds")),
        event("apply", 7, ApplyRequested()),
    )
    known = identity(7, name("apply"), "knowledge", item)
    assert await rows(
        tree, "SELECT id, content, question, category, status, item_id FROM knowledge_base_rag"
    ) == [(known, "Refunds take 14 days.", "How long do refunds take?", "refunds", "live", item)]
    assert await rows(tree, "SELECT status, reviewed_by FROM learning_queue WHERE id = $1", item) == [
        ("applied", REVIEWER)
    ]
    story = "SELECT action FROM learning_audit_log WHERE shop_id = 7 AND entity_id = $1 ORDER BY log_offset, action"
    assert await rows(tree, story, item) == [
        ("ItemProposed",),
        ("ItemRelated",),
        ("ItemApproved",),
        ("ItemApplied",),
    ]
    assert [orjson.loads(value or b"null")["content"] for value in await feed(tree, known)] == [
        "Refunds take 14 days."
    ]


async def the_owner_is_forgotten(tree: Tree) -> None:
    """The same owner speaks in two shops; one of them forgets."""
    known = identity(7, name("apply"), "knowledge", identity(7, name("c1"), "item"))
    counts = await counted(tree, 7)
    assert await saying(tree, 7) == {"owner_corrections": 1, "learning_queue": 1, "knowledge_base_rag": 1}
    assert (await told(tree, "verify", "--domain", "learning")).exit_code == 0
    done = await told(tree, "erase", "--shop", "7", "--actor", "owner", "--reason", "asked", "--json")
    assert done.exit_code == 0, done.output
    (decided,) = orjson.loads(done.stdout)
    assert (decided["items"], decided["knowledge"], decided["unfinished"]) == (1, 1, False)
    assert await saying(tree, 7) == {}
    assert await saying(tree, 8) == {"owner_corrections": 1, "learning_queue": 1}
    assert await counted(tree, 7) == counts | {"learning_audit_log": counts["learning_audit_log"] + 3}
    assert await rows(tree, "SELECT status, content FROM knowledge_base_rag") == [("retracted", "[erased]")]
    assert (await feed(tree, known))[-1] is None
    kept = await remembered(tree, 7)
    assert (b"gift cards" in kept, b"14 days" in kept) == (True, False)
    verified = await told(tree, "verify", "--domain", "learning")
    assert verified.exit_code == 0, verified.output
    assert (await told(tree, "why", str(known))).exit_code == 0
    report = await told(tree, "erase", "--report")
    assert "a person" in report.stdout
    assert "learning.decisions" in report.stdout


async def what_is_urgent_needs_a_second_pair_of_eyes(tree: Tree, appender: Appender, folder: Path) -> None:
    """The policy asks for it; whoever said it cannot approve it, and somebody else can."""
    file = folder / "policy.toml"
    file.write_text("[two_pairs_of_eyes]\nurgent_corrections = true\n")
    assert (await told(tree, "policy", "validate", str(file))).exit_code == 0
    adopted = await told(tree, "policy", "adopt", str(file), "--by", "tests")
    assert adopted.exit_code == 0, adopted.output
    said = correction("Do you open on Sundays?", "On Sundays from ten.", str(REVIEWER))
    urgent = said.model_copy(update={"priority": "urgent"})
    await appender.append(event("urgent", 10, urgent))
    item = identity(10, name("urgent"), "item")
    standing = "SELECT status, metadata ->> 'needs_second_pair' FROM learning_queue WHERE id = $1"
    assert await rows(tree, standing, item) == [("pending", "true")]
    approve = ("queue", "approve", str(item), "--shop", "10", "--reviewer")
    refused = await told(tree, *approve, str(REVIEWER))
    assert refused.exit_code == 1
    assert "own_source: whoever said it cannot approve it" in " ".join(refused.stderr.split())
    assert await rows(tree, standing, item) == [("pending", "true")]
    approved = await told(tree, *approve, str(name("other reviewer")))
    assert approved.exit_code == 0, approved.output
    applied = await told(tree, "apply", "--shop", "10")
    assert applied.exit_code == 0, applied.output
    assert await rows(tree, "SELECT content, status, item_id FROM knowledge_base_rag WHERE shop_id = 10") == [
        ("On Sundays from ten.", "live", item)
    ]
    reasons = (
        "SELECT after ->> 'reason' FROM learning_audit_log WHERE shop_id = 10 AND action = 'RequestRefused'"
    )
    assert await rows(tree, reasons) == [("own_source",)]
    assert (await told(tree, "verify", "--domain", "learning")).exit_code == 0


async def told(tree: Tree, *words: str) -> Any:
    return await relearn(*words, env=tree.settings.environment())


async def saying(tree: Tree, shop: int) -> dict[str, int]:
    """How many rows of each table have the owner's words."""
    found = {}
    for table in TABLES:
        query = f"SELECT count(*) FROM {table} AS t WHERE shop_id = $1 AND to_jsonb(t)::TEXT LIKE '%14 days%'"
        ((found[table],),) = await rows(tree, query, shop)
    return {table: count for table, count in found.items() if count}


async def counted(tree: Tree, shop: int) -> dict[str, int]:
    query = "SELECT count(*) FROM {} WHERE shop_id = $1"
    return {table: (await rows(tree, query.format(table), shop))[0][0] for table in TABLES}


async def remembered(tree: Tree, shop: int) -> bytes:
    """What the snapshot of the shop's partition holds of it, as soon as there is one."""
    assert tree.settings.snapshot_dir is not None
    saved = Snapshots(tree.settings.snapshot_dir, Learning(), tree.settings.topic("learning.decisions"))
    async with asyncio.timeout(30):
        while True:
            for partition in range(tree.settings.partitions):
                folded = saved.load(partition) if saved.path(partition).exists() else None
                if folded is not None and shop in folded.state.domain.shops:
                    return pickle.dumps(folded.state.domain.shops[shop])
            await asyncio.sleep(0.05)
