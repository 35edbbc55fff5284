"""What a reviewer sees of an item, and the decisions that concern more than one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson

from runtime import postgres
from runtime.settings import Settings
from schemas import learning as out
from schemas.call import CallTranscribed
from schemas.conversation import ConversationRecorded, Message
from schemas.correction import ResponseCorrected
from schemas.event import Event
from schemas.feedback import FeedbackGiven
from schemas.knowledge import KnowledgeImported, KnowledgeProposed
from schemas.outcome import RequestRefused
from schemas.review import ItemApproved, ItemRejected, MergeReverted
from schemas.standing import ItemState, Parts, Words
from schemas.stored import CallStored, ConversationStored, CorrectionStored, FeedbackStored
from tests.cli.conftest import Stage
from tests.cli.running import relearn
from tests.projections.conftest import new_writer
from tests.projections.learning_log import SHOP, Log, pending, source_of

REVIEWER, ITEM, OTHER, SOURCE, NEW = (UUID(int=n) for n in range(1, 6))
CONVERSATION = UUID(int=500)
WHO = ("--shop", str(SHOP), "--reviewer", str(REVIEWER))


def joined(log: Log, item: UUID, event: Event[Any], kind: str, stored: Any, base: int) -> None:
    """The event is a source of the item."""
    outcome = out.ItemCorroborated(
        shop_id=SHOP,
        item_id=item,
        source=source_of(event, base, kind),
        parts=Parts(),
        similarity=0.9123,
        now=pending(90),
    )
    log.add(event, *stored, outcome)


def item_of_four_sources(log: Log) -> UUID:
    """A complaint, a correction, a call and a proposal by hand say the same."""
    item, talk = log.new_id(), {"conversation_id": CONVERSATION}
    said = [Message(role="user", content="Do you take\ndogs?"), Message(role="assistant", content="No idea.")]
    recorded = ConversationRecorded(**talk, user_id="ann", channel="web", messages=said)
    log.add(log.event(recorded), ConversationStored(shop_id=SHOP, id=CONVERSATION, messages=2))
    complaint = log.event(
        FeedbackGiven(
            **talk, feedback_type="star_rating", rating=1, reason="No \x1b[31manswer", actor_id="ann"
        )
    )
    proposed = out.ItemProposed(
        shop_id=SHOP,
        item_id=item,
        source=source_of(complaint),
        parts=Parts(complaint="complaint"),
        now=pending(),
    )
    log.add(complaint, FeedbackStored(shop_id=SHOP, id=complaint.id), proposed)
    correction = log.event(
        ResponseCorrected(
            **talk, original_response="No dogs.", corrected_answer="Dogs are welcome.", correction_context="Since May"
        )
    )  # fmt: skip
    joined(log, item, correction, "correction", [CorrectionStored(shop_id=SHOP, id=correction.id)], 80)
    call = log.event(
        CallTranscribed(
            transcript="Hello, it is about my dog.", processed_summary="  ", sentiment="negative",
            question="Can I bring a dog?", suggested_answer="Yes.",
        )
    )  # fmt: skip
    joined(log, item, call, "transcript", [CallStored(shop_id=SHOP, id=call.id, sentiment="negative")], 45)
    joined(
        log, item, log.event(KnowledgeProposed(content="Dogs welcome!", origin="person")), "manual", [], 80
    )
    return item


def item_for_two(log: Log) -> UUID:
    """An item that was imported, and said urgently in the same conversation of nobody else."""
    imported = log.event(KnowledgeImported(content="Yes.", source="faq", external_id="q1", actor_id="ann"))
    urgent = log.event(
        ResponseCorrected(
            conversation_id=CONVERSATION, original_response="No.", corrected_answer="Yes.", priority="urgent",
            actor_id="ann",
        )
    )  # fmt: skip
    item = log.new_id()
    proposed = out.ItemProposed(
        shop_id=SHOP,
        item_id=item,
        source=source_of(imported, 80, "manual"),
        parts=Parts(answer="answer"),
        now=pending(80),
        second_pair_for="import",
        needs_second_pair=True,
    )
    log.add(imported, proposed, vectors={"answer": 1})
    corroborated = out.ItemCorroborated(
        shop_id=SHOP,
        item_id=item,
        source=source_of(urgent, 95, "correction"),
        parts=Parts(answer="answer"),
        similarity=1.0,
        now=pending(95),
        second_pair_for="urgency",
    )
    log.add(urgent, CorrectionStored(shop_id=SHOP, id=urgent.id), corroborated)
    return item


async def shown(
    database: str, *words: str, build: Callable[[Log], UUID] = item_of_four_sources, command: str = "show"
) -> Any:
    """What `queue show`, or another command, gives of such an item."""
    settings = Settings(kafka_bootstrap_servers="nowhere:9092", database_url=database)
    log = Log().opened()
    item = build(log)
    about = (str(item),) if command == "show" else ()
    async with await postgres.create_pool(settings, "learning", max_size=2) as pool:
        writer = new_writer(pool)
        await writer.apply(0, await writer.position(0), log.entries)
    result = await relearn("queue", command, "--shop", str(SHOP), *about, *words, env=settings.environment())
    assert result.exit_code == 0, result.output
    return result.stdout


async def test_each_source_is_shown_with_its_own_words(database: str) -> None:
    told = (await shown(database)).partition("\nsources\n")[2].partition("\nhistory")[0]
    lines = [line.rstrip() for line in told.splitlines()]
    words = [line for line in lines if line.startswith("  ")]
    assert words == [
        "  complained No  [31manswer",
        f"  conversation {CONVERSATION}",
        "    user: Do you take",
        "    dogs?",
        "    assistant: No idea.",
        "  was told   No dogs.",
        "  should be  Dogs are welcome.",
        "  context    Since May",
        f"  conversation {CONVERSATION}",
        "    user: Do you take",
        "    dogs?",
        "    assistant: No idea.",
        "  asked      Can I bring a dog?",
        "  complained Hello, it is about my dog.",
        "  should be  Yes.",
        "  no words of its own are kept",
    ]
    text = " ".join(lines)
    assert "feedback star_rating, rating 1, base confidence 50, 2026-11-21 12:00:02" in text
    assert "correction normal, similarity 0.9123, base confidence 80, 2026-11-21 12:00:03" in text


async def test_it_is_told_why_a_second_pair_of_eyes_is_needed(database: str) -> None:
    told = " ".join((await shown(database, build=item_for_two)).split())
    assert "needs a second pair of eyes: imported from faq as q1, by ann; urgent, by ann" in told


async def test_the_list_tells_of_it_too(database: str) -> None:
    told = " ".join((await shown(database, build=item_for_two, command="list")).split())
    assert "pending manual, confidence 95, needs a second pair of eyes" in told


async def test_a_program_gets_the_words_too(database: str) -> None:
    sources = orjson.loads(await shown(database, "--json"))["sources"]
    assert [row["source_type"] for row in sources] == ["feedback", "correction", "transcript", "manual"]
    assert [row["complaint"] for row in sources] == [
        "No \x1b[31manswer",
        None,
        "Hello, it is about my dog.",
        None,
    ]
    assert [row["answer"] for row in sources] == [None, "Dogs are welcome.", "Yes.", None]
    assert [row["similarity"] for row in sources] == [None, 0.9123, 0.9123, 0.9123]
    assert sources[1]["response"] == "No dogs."
    assert sources[1]["conversation"] == "user: Do you take\ndogs?\nassistant: No idea."


async def test_a_merge_is_reverted_and_both_items_are_told(stage: Stage) -> None:
    words = ("queue", "revert", *WHO, str(ITEM), str(SOURCE))
    command = asyncio.create_task(relearn(*words, env=stage.settings.environment()))
    event = await stage.decide(
        out.ItemSplit(
            shop_id=SHOP,
            item_id=NEW,
            source=source_of(Log().event(KnowledgeProposed(content="x", origin="person"))),
            words=Words(complaint="b"),
            split_from=ITEM,
            now=pending(),
        ),
        out.MergeReverted(
            shop_id=SHOP,
            item_id=ITEM,
            source_id=SOURCE,
            new_item_id=NEW,
            words=Words(complaint="a"),
            was=pending(75),
            now=pending(50, 2),
        ),
    )
    await stage.show()
    result = await command
    assert result.exit_code == 0, result.output
    assert event.data == MergeReverted(item_id=ITEM, source_id=SOURCE, reviewer_id=REVIEWER)
    assert result.stdout.splitlines() == [
        f"item split {NEW} (status pending, version 1, confidence 50)",
        f"merge reverted {ITEM} (version 1 → 2, confidence 75 → 50)",
    ]


IN_CONFLICT = """
INSERT INTO learning_queue (shop_id, id, status, source_type, source_id, proposed_content, confidence_score,
                            metadata, created_at, updated_at)
SELECT $1, v.id, v.status, 'correction', v.id, v.status, 80,
       jsonb_build_object('neighbours', '[]'::JSONB, 'conflicts', to_jsonb(array_remove($2::UUID[], v.id))),
       now(), now()
  FROM unnest($2::UUID[], $3::TEXT[]) AS v (id, status)
"""


def approved() -> out.ItemApproved:
    return out.ItemApproved(
        shop_id=SHOP, item_id=ITEM, by="reviewer", reviewer_id=REVIEWER,
        was=pending(), now=ItemState(status="approved", version=2, confidence=50),
    )  # fmt: skip


async def in_conflict(settings: Settings) -> None:
    """An item in conflict with two others, of which one was rejected long ago."""
    async with await postgres.create_pool(settings, "learning", max_size=1) as pool:
        states = ["pending", "pending", "rejected"]
        await pool.execute(IN_CONFLICT, SHOP, [ITEM, OTHER, SOURCE], states)


async def test_who_approves_may_reject_what_is_in_conflict(stage: Stage) -> None:
    await in_conflict(stage.settings)
    words = ("queue", "approve", "--reject-conflicting", *WHO, str(ITEM))
    command = asyncio.create_task(relearn(*words, env=stage.settings.environment()))
    first = await stage.decide(approved())
    await stage.show()
    now = ItemState(status="rejected", version=2, confidence=80)
    rejected = out.ItemRejected(shop_id=SHOP, item_id=OTHER, reviewer_id=REVIEWER, was=pending(80), now=now)
    second = await stage.decide(rejected)
    await stage.show()
    result = await command
    assert result.exit_code == 0, result.output
    assert first.data == ItemApproved(item_id=ITEM, reviewer_id=REVIEWER)
    assert second.data == ItemRejected(
        item_id=OTHER, reviewer_id=REVIEWER, note=f"{ITEM} was approved instead"
    )
    assert result.stdout.splitlines() == [
        f"item approved {ITEM} (status pending → approved, version 1 → 2)",
        f"item rejected {OTHER} (status pending → rejected, version 1 → 2)",
    ]


async def test_where_the_approval_is_refused_nothing_is_rejected(stage: Stage) -> None:
    await in_conflict(stage.settings)
    words = ("queue", "approve", "--reject-conflicting", *WHO, str(ITEM), "--json", "--timeout", "20")
    command = asyncio.create_task(relearn(*words, env=stage.settings.environment()))
    await stage.decide(
        RequestRefused(shop_id=SHOP, reason="answer_required", entity="item", id=ITEM, state="pending")
    )
    await stage.show()
    result = await command
    assert result.exit_code == 1
    assert "answer_required: it has no answer" in result.stderr
    assert [len(each["outcomes"]) for each in orjson.loads(result.stdout)] == [1]
