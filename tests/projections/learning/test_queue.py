"""What happens to an item is what the queue shows."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import pytest

from projections.learning.projection import PROJECTION
from projections.learning.queries import LearningQueries
from projections.writer import Writer
from schemas import learning as out
from schemas.control import Tick
from schemas.correction import ResponseCorrected
from schemas.event import Event
from schemas.feedback import FeedbackGiven
from schemas.knowledge import KnowledgeImported
from schemas.review import ApplyRequested, ItemApproved, ItemRejected, ItemsAssigned, MergeReverted
from schemas.standing import ImportedAs, ItemState, Kind, KnowledgeState, Match, Parts, Words
from schemas.stored import CorrectionStored, FeedbackStored
from schemas.vector import Vector, to_text
from tests.projections.learning_log import SHOP, Log, pending, source_of, vector

REVIEWER = UUID(int=99)
CONVERSATION = UUID(int=500)


class Queue:
    """A log that grows, and the queue that it is shown in."""

    def __init__(self, pool: asyncpg.Pool, writer: Writer) -> None:
        self.pool, self.writer, self.log = pool, writer, Log().opened()
        self.queries = LearningQueries(pool, PROJECTION)
        self._shown = 0

    async def show(self) -> None:
        at = await self.writer.position(0)
        await self.writer.apply(0, at, self.log.entries[self._shown :])
        self._shown = len(self.log.entries)

    async def row(self, id: UUID) -> Any:
        await self.show()
        return await self.pool.fetchrow("SELECT * FROM learning_queue WHERE id = $1", id)

    def complain(self, reason: str = "Not true", *, question: str | None = None, seed: int = 1) -> Event[Any]:
        data = FeedbackGiven(
            conversation_id=CONVERSATION,
            feedback_type="thumbs_down",
            reason=reason,
            question=question,
            actor_id="ann",
        )
        return self.log.event(data)

    def proposed(
        self, event: Event[Any], *, conflicts: tuple[UUID, ...] = (), target: UUID | None = None
    ) -> UUID:
        item = self.log.new_id()
        parts = Parts(question="question" if event.data.question else None, complaint="complaint")
        outcome = out.ItemProposed(
            shop_id=SHOP,
            item_id=item,
            source=source_of(event),
            parts=parts,
            now=pending(target=target),
            conflicts_with=conflicts,
            matches=tuple(
                Match(entity="item", id=id, relation="different", by="question", similarity=0.9123)
                for id in conflicts
            ),
        )
        stored = FeedbackStored(shop_id=SHOP, id=event.id)
        self.log.add(event, stored, outcome, vectors={"question": 1, "complaint": 2})
        return item

    def corrected(self, item: UUID, filled: tuple[Kind, ...] = (), category: str | None = None) -> Event[Any]:
        data = ResponseCorrected(
            conversation_id=CONVERSATION,
            question="How long do refunds take?",
            original_response="2 days",
            corrected_answer="5 days",
            actor_id="bob",
        )
        event = self.log.event(data)
        outcome = out.ItemCorroborated(
            shop_id=SHOP,
            item_id=item,
            source=source_of(event, 80, "correction"),
            parts=Parts(question="question", answer="answer"),
            similarity=0.9,
            filled=filled,
            category=category,
            was=pending(),
            now=pending(90, 2),
        )
        stored = CorrectionStored(shop_id=SHOP, id=event.id)
        return self.log.add(event, stored, outcome, vectors={"question": 3, "answer": 4})

    def decided(self, data: Any, *outcomes: Any, vectors: dict[str, int] | None = None) -> Event[Any]:
        return self.log.add(self.log.event(data), *outcomes, vectors=vectors)


@pytest.fixture
def queue(pool: asyncpg.Pool, writer: Writer) -> Queue:
    return Queue(pool, writer)


def same(shown: Any, expected: Vector) -> bool:
    return np.allclose(shown.to_numpy(), expected)


async def test_a_complaint_becomes_an_item_with_all_a_reviewer_needs(queue: Queue) -> None:
    event = queue.complain("Too slow", question="How long?")
    target = queue.log.new_id()
    item = queue.proposed(event, target=target)
    row = await queue.row(item)
    assert (row["status"], row["source_type"], row["confidence_score"], row["version"]) == (
        "pending",
        "feedback",
        50,
        1,
    )
    assert (row["question"], row["proposed_content"]) == ("How long?", "Too slow")
    assert same(row["question_embedding"], vector(1))
    assert same(row["embedding"], vector(2))
    assert (row["created_at"], row["updated_at"]) == (event.time, queue.log.records[1].decided_at)
    assert row["metadata"] == {
        "content": "complaint",
        "sources": [
            {
                "source_id": str(event.id),
                "source_type": "feedback",
                "base_confidence": 50,
                "conversation_id": str(CONVERSATION),
                "actor_id": "ann",
                "at": "2026-11-21T12:00:01.000000+00:00",
                "conflicts": [],
            }
        ],
        "neighbours": [],
        "policy": queue.log.records[1].policy,
        "conflicts": [],
        "target": str(target),
        "disputes": 0,
        "disputed_by": [],
        "related": [],
    }


async def test_a_correction_fills_in_the_answer(queue: Queue) -> None:
    item = queue.proposed(queue.complain("Too slow"))
    event = queue.corrected(item, filled=("question", "answer"), category="refunds")
    row = await queue.row(item)
    assert (row["question"], row["proposed_content"]) == ("How long do refunds take?", "5 days")
    assert (row["metadata"]["content"], row["category"]) == ("answer", "refunds")
    assert (row["confidence_score"], row["version"]) == (90, 2)
    assert same(row["embedding"], vector(4))
    assert [s["source_id"] for s in row["metadata"]["sources"]][1:] == [str(event.id)]
    assert row["source_type"] == "feedback"
    shown = await queue.queries.item(SHOP, item)
    assert shown is not None
    assert [(s["source_type"], s["base_confidence"]) for s in shown.sources] == [
        ("feedback", 50),
        ("correction", 80),
    ]
    assert float(shown.sources[1]["similarity"]) == 0.9


async def test_a_complaint_does_not_take_the_place_of_an_answer(queue: Queue) -> None:
    item = queue.proposed(queue.complain())
    queue.corrected(item, filled=("answer",))
    event = queue.complain("Still not true")
    outcome = out.ItemCorroborated(
        shop_id=SHOP,
        item_id=item,
        source=source_of(event),
        parts=Parts(complaint="complaint"),
        similarity=0.9,
        filled=("complaint",),
        now=pending(95, 2),
    )
    queue.log.add(event, outcome, vectors={"complaint": 5})
    row = await queue.row(item)
    assert (row["proposed_content"], row["confidence_score"]) == ("5 days", 95)
    assert same(row["embedding"], vector(4))


async def test_conflicts_are_known_to_both(queue: Queue) -> None:
    first = queue.proposed(queue.complain("a"))
    second = queue.proposed(queue.complain("b"), conflicts=(first,))
    await queue.show()
    for one, other in ((first, second), (second, first)):
        shown = await queue.queries.item(SHOP, one)
        assert shown is not None
        assert [row["id"] for row in shown.conflicts] == [other]
        assert shown.row["metadata"]["conflicts"] == [str(other)]
    neighbours = (await queue.row(second))["metadata"]["neighbours"]
    assert [(n["id"], n["similarity"]) for n in neighbours] == [(str(first), 0.9123)]


async def test_disputes_are_counted_and_related_complaints_listed(queue: Queue) -> None:
    item = queue.proposed(queue.complain())
    sources = [queue.log.new_id() for _ in range(3)]
    about = {"shop_id": SHOP, "item_id": item, "similarity": 0.9}
    for source in sources[:2]:
        queue.decided(queue.complain().data, out.ItemDisputed(**about, source_id=source))
    queue.decided(queue.complain().data, out.ItemRelated(**about, source_id=sources[2]))
    metadata = (await queue.row(item))["metadata"]
    assert metadata["disputes"] == 2
    assert [d["source_id"] for d in metadata["disputed_by"]] == [str(s) for s in sources[:2]]
    assert [r["source_id"] for r in metadata["related"]] == [str(sources[2])]


async def test_the_reviewers_wording_is_what_is_approved(queue: Queue) -> None:
    item = queue.proposed(queue.complain())
    outcome = out.ItemApproved(
        shop_id=SHOP,
        item_id=item,
        by="reviewer",
        reviewer_id=REVIEWER,
        edited=True,
        category="time",
        now=ItemState(status="approved", version=2, confidence=50),
    )
    data = ItemApproved(item_id=item, reviewer_id=REVIEWER, edited_content="6 days")
    queue.decided(data, outcome, vectors={"answer": 7})
    row = await queue.row(item)
    assert (row["status"], row["proposed_content"], row["category"]) == ("approved", "6 days", "time")
    assert (row["reviewed_by"], row["reviewed_at"]) == (REVIEWER, queue.log.records[-1].decided_at)
    assert same(row["embedding"], vector(7))
    assert row["metadata"]["content"] == "answer"


async def test_rejecting_and_assigning(queue: Queue) -> None:
    item = queue.proposed(queue.complain())
    about: dict[str, Any] = {"shop_id": SHOP, "item_id": item, "reviewer_id": REVIEWER}
    queue.decided(ItemsAssigned(item_ids=[item], reviewer_id=REVIEWER), out.ItemAssigned(**about))
    row = await queue.row(item)
    assert (row["assigned_to"], row["assigned_at"]) == (REVIEWER, queue.log.records[-1].decided_at)

    queue.decided(Tick(partition=0), out.ItemReleased(**about, why="expired"))
    row = await queue.row(item)
    assert (row["assigned_to"], row["assigned_at"]) == (None, None)

    rejected = ItemState(status="rejected", version=2, confidence=50)
    queue.decided(ItemRejected(item_id=item, reviewer_id=REVIEWER), out.ItemRejected(**about, now=rejected))
    row = await queue.row(item)
    assert (row["status"], row["reviewed_by"]) == ("rejected", REVIEWER)


async def test_applying_an_item_makes_knowledge_and_settles_its_corrections(queue: Queue) -> None:
    item = queue.proposed(queue.complain())
    correction = queue.corrected(item, filled=("question", "answer"), category="refunds")
    knowledge = queue.log.new_id()
    applied = ItemState(status="applied", version=4, confidence=90)
    queue.decided(
        ApplyRequested(),
        out.KnowledgeApplied(
            shop_id=SHOP, knowledge_id=knowledge, item_id=item, now=KnowledgeState(status="live")
        ),
        out.ItemApplied(shop_id=SHOP, item_id=item, knowledge_id=knowledge, now=applied),
    )
    row, at = await queue.row(item), queue.log.records[-1].decided_at
    assert (row["status"], row["applied_at"]) == ("applied", at)
    known = await queue.pool.fetchrow("SELECT * FROM knowledge_base_rag WHERE id = $1", knowledge)
    assert (known["content"], known["question"]) == ("5 days", "How long do refunds take?")
    assert (known["category"], known["source"], known["item_id"]) == ("refunds", "feedback", item)
    assert same(known["embedding"], vector(4))
    assert same(known["question_embedding"], vector(3))
    stored = await queue.pool.fetchrow("SELECT id, applied_at FROM owner_corrections")
    assert stored == (correction.id, at)

    back = ItemState(status="pending", version=5, confidence=90)
    queue.decided(
        ItemRejected(item_id=item, reviewer_id=REVIEWER),
        out.ItemReturned(shop_id=SHOP, item_id=item, why="rolled_back", now=back),
    )
    row = await queue.row(item)
    assert (row["status"], row["applied_at"], row["reviewed_at"]) == ("pending", None, None)
    assert await queue.pool.fetchval("SELECT applied_at FROM owner_corrections") is None


def held(queue: Queue, by: str = "ann") -> tuple[UUID, Event[Any]]:
    """An import that waits for a second pair of eyes."""
    data = KnowledgeImported(
        content="5 days", question="How long?", source="faq", external_id="q1", actor_id=by
    )
    item, event = queue.log.new_id(), queue.log.event(data)
    outcome = out.ItemProposed(
        shop_id=SHOP,
        item_id=item,
        source=source_of(event, 80, "manual"),
        parts=Parts(question="question", answer="answer"),
        now=pending(80),
        second_pair_for="import",
        needs_second_pair=True,
    )
    queue.log.add(event, outcome, vectors={"question": 3, "answer": 4})
    return item, event


async def test_an_item_tells_that_it_needs_a_second_pair_of_eyes_and_why(queue: Queue) -> None:
    item, _ = held(queue)
    metadata = (await queue.row(item))["metadata"]
    assert metadata["needs_second_pair"] is True
    (source,) = metadata["sources"]
    assert source["second_pair_for"] == "import"
    assert source["imported_as"] == {"source": "faq", "external_id": "q1"}
    (row,) = await queue.queries.queue(SHOP)
    assert row["needs_second_pair"] is True
    other = queue.proposed(queue.complain())
    assert "needs_second_pair" not in (await queue.row(other))["metadata"]
    assert [row["needs_second_pair"] for row in await queue.queries.queue(SHOP)] == [True, False]


async def test_somebody_else_is_the_second_pair_of_eyes(queue: Queue) -> None:
    item, _ = held(queue)
    data = ResponseCorrected(
        conversation_id=CONVERSATION, original_response="2 days", corrected_answer="5 days",
        priority="urgent", actor_id="bob",
    )  # fmt: skip
    event = queue.log.event(data)
    outcome = out.ItemCorroborated(
        shop_id=SHOP,
        item_id=item,
        source=source_of(event, 95, "correction"),
        parts=Parts(answer="answer"),
        similarity=0.9,
        was=pending(80),
        now=pending(99),
        second_pair_for="urgency",
        needs_second_pair=False,
    )
    queue.log.add(event, CorrectionStored(shop_id=SHOP, id=event.id), outcome, vectors={"answer": 4})
    metadata = (await queue.row(item))["metadata"]
    assert metadata["needs_second_pair"] is False
    assert [source["second_pair_for"] for source in metadata["sources"]] == ["import", "urgency"]
    assert "imported_as" not in metadata["sources"][1]


async def test_a_source_that_leaves_tells_why_it_asks(queue: Queue) -> None:
    item, event = held(queue)
    queue.corrected(item)
    new, words = queue.log.new_id(), Words(answer="5 days", vectors={"answer": to_text(vector(4))})
    queue.decided(
        MergeReverted(item_id=item, source_id=event.id, reviewer_id=REVIEWER),
        out.ItemSplit(
            shop_id=SHOP, item_id=new, source=source_of(event), split_from=item, words=words,
            now=pending(80), needs_second_pair=True,
        ),
        out.MergeReverted(
            shop_id=SHOP, item_id=item, source_id=event.id, new_item_id=new, words=words,
            now=pending(50, 2), needs_second_pair=False,
        ),
    )  # fmt: skip
    left, made = [(await queue.row(id))["metadata"] for id in (item, new)]
    assert (left["needs_second_pair"], made["needs_second_pair"]) == (False, True)
    assert made["sources"][0]["second_pair_for"] == "import"


async def test_what_is_withdrawn_is_rejected_by_nobody(queue: Queue) -> None:
    item, event = held(queue)
    withdrawn = ItemState(status="rejected", version=2, confidence=80)
    queue.decided(event.data, out.ItemWithdrawn(shop_id=SHOP, item_id=item, was=pending(80), now=withdrawn))
    queue.decided(event.data, out.ItemUnchanged(shop_id=SHOP, item_id=item))
    row = await queue.row(item)
    assert (row["status"], row["version"], row["reviewed_by"]) == ("rejected", 2, None)


async def test_an_import_that_was_looked_at_is_knowledge_of_its_source(queue: Queue) -> None:
    item, _ = held(queue)
    knowledge = queue.log.new_id()
    applied = out.KnowledgeApplied(
        shop_id=SHOP,
        knowledge_id=knowledge,
        item_id=item,
        now=KnowledgeState(status="live"),
        imported_as=ImportedAs(source="faq", external_id="q1"),
    )
    queue.decided(ApplyRequested(), applied)
    await queue.show()
    known = await queue.pool.fetchrow("SELECT * FROM knowledge_base_rag WHERE id = $1", knowledge)
    assert (known["source"], known["content"], known["item_id"]) == ("faq", "5 days", item)
    assert known["metadata"] == {"supersedes": None, "external_id": "q1"}


async def test_a_merge_that_is_taken_apart_leaves_two_items(queue: Queue) -> None:
    other = queue.proposed(queue.complain("other"))
    first = queue.complain("a")
    item = queue.proposed(first)
    second = queue.complain("b")
    outcome = out.ItemCorroborated(
        shop_id=SHOP,
        item_id=item,
        source=source_of(second),
        parts=Parts(complaint="complaint"),
        similarity=0.9,
        now=pending(75),
        conflicts_with=(other,),
    )
    queue.log.add(second, outcome)
    new = queue.log.new_id()
    queue.decided(
        MergeReverted(item_id=item, source_id=second.id, reviewer_id=REVIEWER),
        out.ItemSplit(
            shop_id=SHOP,
            item_id=new,
            source=source_of(second),
            split_from=item,
            words=Words(complaint="b", vectors={"complaint": to_text(vector(6))}),
            now=pending(),
        ),
        out.MergeReverted(
            shop_id=SHOP,
            item_id=item,
            source_id=second.id,
            new_item_id=new,
            words=Words(complaint="a", vectors={"complaint": to_text(vector(2))}),
            now=pending(50, 2),
        ),
    )
    left, made, third = [await queue.row(id) for id in (item, new, other)]
    assert (left["proposed_content"], left["confidence_score"], left["version"]) == ("a", 50, 2)
    assert [s["source_id"] for s in left["metadata"]["sources"]] == [str(first.id)]
    assert left["metadata"]["conflicts"] == []
    assert (made["proposed_content"], made["source_id"]) == ("b", second.id)
    assert same(made["embedding"], vector(6))
    assert made["metadata"]["conflicts"] == [str(other)]
    assert made["metadata"]["sources"][0]["at"] == "2026-11-21T12:00:03.000000+00:00"
    assert third["metadata"]["conflicts"] == [str(new)]
    found = await queue.pool.fetch(
        "SELECT item_id, similarity FROM learning_sources WHERE source_id = $1", second.id
    )
    assert found == [(new, None)]
