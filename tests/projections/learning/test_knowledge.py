"""Knowledge: imported, edited, ended; found by meaning and by words."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import pytest

from projections.learning.projection import PROJECTION
from projections.learning.queries import LearningQueries
from projections.lineage import Lineage
from projections.writer import Writer
from schemas import learning as out
from schemas.knowledge import KnowledgeImported
from schemas.review import KnowledgeEdited
from schemas.standing import KnowledgeState, Match
from tests.projections.learning_log import SHOP, Log, vector

LIVE = KnowledgeState(status="live")
REVIEWER = UUID(int=99)


class Base:
    """A log that grows, and the knowledge base that it is shown in."""

    def __init__(self, pool: asyncpg.Pool, writer: Writer) -> None:
        self.pool, self.writer, self.log = pool, writer, Log().opened()
        self.queries = LearningQueries(pool, PROJECTION)

    async def show(self) -> None:
        at = await self.writer.position(0)
        await self.writer.apply(0, at, self.log.entries[at.seq :])

    async def row(self, id: UUID) -> Any:
        await self.show()
        return await self.pool.fetchrow("SELECT * FROM knowledge_base_rag WHERE id = $1", id)

    def imported(
        self, content: str, question: str | None = None, seed: int = 1, conflicts: tuple[UUID, ...] = ()
    ) -> UUID:
        id = self.log.new_id()
        data = KnowledgeImported(
            content=content, question=question, category="time", source="faq", external_id="1"
        )
        outcome = out.KnowledgeImported(
            shop_id=SHOP,
            knowledge_id=id,
            now=LIVE,
            conflicts_with=conflicts,
            matches=tuple(
                Match(entity="knowledge", id=other, relation="different", by="question", similarity=0.9)
                for other in conflicts
            ),
        )
        vectors = {"answer": seed} | ({"question": seed + 100} if question else {})
        self.log.add(self.log.event(data), outcome, vectors=vectors)
        return id

    def edited(self, old: UUID, content: str, question: str | None = None) -> UUID:
        id = self.log.new_id()
        data = KnowledgeEdited(
            knowledge_id=old, reviewer_id=REVIEWER, reason="wrong", content=content, question=question
        )
        over = KnowledgeState(status="superseded", superseded_by=id)
        self.log.add(
            self.log.event(data),
            out.KnowledgeEdited(
                shop_id=SHOP, knowledge_id=id, supersedes=old, new_question=question is not None, now=LIVE
            ),
            out.KnowledgeSuperseded(shop_id=SHOP, knowledge_id=old, was=LIVE, now=over),
            vectors={"answer": 50} | ({"question": 51} if question else {}),
        )
        return id

    def becomes(self, id: UUID, kind: Any, now: KnowledgeState, **more: Any) -> None:
        data = KnowledgeEdited(knowledge_id=id, reviewer_id=REVIEWER, reason="wrong", content="x")
        self.log.add(self.log.event(data), kind(shop_id=SHOP, knowledge_id=id, was=LIVE, now=now, **more))


@pytest.fixture
def base(pool: asyncpg.Pool, writer: Writer) -> Base:
    return Base(pool, writer)


async def test_an_import_is_knowledge_at_once(base: Base) -> None:
    id = base.imported("5 days", "How long?")
    row = await base.row(id)
    assert (row["content"], row["question"], row["category"], row["source"]) == (
        "5 days",
        "How long?",
        "time",
        "faq",
    )
    assert (row["status"], row["disputes"], row["item_id"]) == ("live", 0, None)
    assert row["metadata"]["external_id"] == "1"
    assert row["created_at"] == base.log.records[1].event.time  # type: ignore[union-attr]
    trace = await Lineage(base.pool, PROJECTION).for_shops([SHOP]).trace(str(id))
    assert trace is not None, "a shop is known by whatever is decided of it"
    assert [each.action for each in trace.appearances] == ["KnowledgeImported"]
    assert trace.now is not None
    assert await Lineage(base.pool, PROJECTION).for_shops([SHOP + 1]).trace(str(id)) is None


async def test_imports_that_contradict_each_other_know_of_it(base: Base) -> None:
    first = base.imported("5 days")
    second = base.imported("7 days", conflicts=(first,))
    assert (await base.row(first))["metadata"]["conflicts"] == [str(second)]
    assert (await base.row(second))["metadata"]["conflicts"] == [str(first)]


async def test_an_edit_keeps_what_it_does_not_say(base: Base) -> None:
    old = base.imported("5 days", "How long?")
    new = base.edited(old, "6 days")
    newest = base.edited(new, "7 days", "How many days?")
    row = await base.row(new)
    assert (row["content"], row["question"], row["category"], row["source"]) == (
        "6 days",
        "How long?",
        "time",
        "faq",
    )
    assert (row["question_embedding"].to_numpy() == vector(101)).all()
    assert ((await base.row(newest))["question_embedding"].to_numpy() == vector(51)).all()
    assert ((await base.row(old))["status"], (await base.row(old))["superseded_by"]) == ("superseded", new)


async def test_states_follow_the_log(base: Base) -> None:
    id = base.imported("5 days")
    base.becomes(id, out.KnowledgeDisputed, KnowledgeState(status="live", disputes=1), source_id=id)
    assert (await base.row(id))["disputes"] == 1
    base.becomes(
        id, out.KnowledgeRetracted, KnowledgeState(status="retracted", disputes=1), reviewer_id=REVIEWER
    )
    row = await base.row(id)
    assert (row["status"], row["updated_at"]) == ("retracted", base.log.records[-1].decided_at)
    base.becomes(id, out.KnowledgeRevived, LIVE)
    assert (await base.row(id))["status"] == "live"


async def test_all_versions_are_found_from_any_of_them(base: Base) -> None:
    first = base.imported("5 days")
    second = base.edited(first, "6 days")
    third = base.edited(second, "7 days")
    base.becomes(third, out.KnowledgeRolledBack, KnowledgeState(status="retracted"), reviewer_id=REVIEWER)
    base.becomes(second, out.KnowledgeRevived, LIVE)
    base.imported("else")
    await base.show()
    for id in (first, second, third):
        shown = await base.queries.knowledge_item(SHOP, id)
        assert shown is not None
        assert [row["id"] for row in shown.versions] == [first, second, third]
        assert shown == await base.queries.for_shops([SHOP]).knowledge_item(SHOP, id)
        assert await base.queries.for_shops([SHOP + 1]).knowledge_item(SHOP, id) is None
    assert shown is not None
    assert [row["action"] for row in shown.audit] == ["KnowledgeRolledBack", "KnowledgeEdited"]
    assert await base.queries.knowledge_item(SHOP + 1, first) is None


async def test_search_joins_meaning_and_words(base: Base) -> None:
    near = base.imported("Money comes back in five days", "How long do refunds take?", seed=1)
    words = base.imported("Parcels are insured", seed=2)
    other = base.imported("Opening hours are nine to five", seed=3)
    gone = base.imported("Parcels are not insured", seed=1)
    base.becomes(gone, out.KnowledgeRetracted, KnowledgeState(status="retracted"), reviewer_id=REVIEWER)
    await base.show()

    found = await base.queries.search(SHOP, "are parcels insured?", vector(101))
    assert {row["id"] for row in found} == {near, words, other}
    assert {row["id"] for row in found[:2]} == {near, words}
    assert next(row["similarity"] for row in found if row["id"] == near) == 1
    assert [row["id"] for row in await base.queries.search(SHOP, "insured", None)] == [words]
    assert await base.queries.search(SHOP + 1, "insured", vector(1)) == []
    assert len(await base.queries.search(SHOP, "", vector(101), limit=1)) == 1


async def test_a_search_tells_why(base: Base) -> None:
    near = base.imported("Money comes back in five days", "How long do refunds take?", seed=1)
    words = base.imported("Parcels are insured", seed=2)
    base.imported("Opening hours are nine to five", seed=3)
    await base.show()
    asked = (SHOP, "are parcels insured?", vector(101))
    rows = await base.queries.for_shops([SHOP]).explained(*asked)
    assert [{name: row[name] for name in SHOWN} for row in rows] == [
        {name: row[name] for name in SHOWN} for row in await base.queries.search(*asked)
    ]
    found = {row["id"]: row for row in rows}
    assert (found[near]["question_rank"], found[near]["question_similarity"]) == (1, 1)
    assert (found[near]["words_rank"], found[near]["words_share"]) == (None, None)
    assert (found[words]["question_rank"], found[words]["question_similarity"]) == (None, None)
    assert (found[words]["words_rank"], found[words]["words_share"]) == (1, 1)
    assert sorted(row["answer_rank"] for row in rows) == [1, 2, 3]
    for row in rows:
        assert row["similarity"] == max(
            each for each in (row["question_similarity"], row["answer_similarity"]) if each is not None
        )
        parts = [1 / (60 + rank) for rank in (row["question_rank"], row["answer_rank"]) if rank is not None]
        if row["words_rank"] is not None:
            parts.append(float(row["words_share"]) / (60 + row["words_rank"]))
        assert float(row["score"]) == pytest.approx(sum(parts), abs=1e-6)
    assert await base.queries.for_shops([SHOP + 1]).explained(*asked) == []


SHOWN = ("id", "question", "content", "category", "source", "disputes", "similarity", "score")


@pytest.mark.parametrize(
    ("query", "others", "right"),
    [
        (
            "How do I get my money back?",
            ("How do I get to the shop?", "How do I get my key?", "How do I change my name?"),
            "Refunds take five days.",
        ),
        (
            "Jak mogę odzyskać pieniądze?",
            ("Jak mogę dojechać do sklepu?", "Jak mogę zmienić hasło?", "Jak mogę zapłacić?"),
            "Zwroty trwają pięć dni.",
        ),
    ],
    ids=["English", "Polish"],
)
async def test_words_that_most_entries_have_do_not_outweigh_the_meaning(
    base: Base, query: str, others: tuple[str, ...], right: str
) -> None:
    for number, question in enumerate(others):
        base.imported(f"{number}.", question, seed=10 + number)
    wanted = base.imported(right, "?", seed=1)
    await base.show()
    found = await base.queries.search(SHOP, query, vector(101))
    assert found[0]["id"] == wanted


async def test_a_word_that_few_entries_have_finds_them(base: Base) -> None:
    for number, what in enumerate(("a tent", "a boat", "a bike", "a car", "a mooring")):
        base.imported(f"Call {number}.", f"How do I rent {what}?", seed=number)
    await base.show()
    only_words = await base.queries.search(SHOP, "how do I get a mooring", None)
    assert [row["content"] for row in only_words] == ["Call 4."]
    stop_words = await base.queries.search(SHOP, "how do I", None)
    assert len(stop_words) == 5


FILL = """INSERT INTO knowledge_base_rag (shop_id, id, content, question, status, created_at, updated_at)
          SELECT $1, gen_random_uuid(), 'Text ' || n, 'How do I?', 'live', now(), now()
            FROM generate_series(1, 4001) AS n"""


@pytest.mark.parametrize("shop", [SHOP, SHOP + 1], ids=["large", "small"])
async def test_a_large_shop_is_searched_by_the_index(base: Base, shop: int) -> None:
    await base.pool.execute(FILL, shop)
    wanted = base.imported("Call us.", "How do I rent a mooring?")
    await base.show()
    found = await base.queries.search(SHOP, "how do I get a mooring", None)
    assert [row["id"] for row in found] == [wanted]
    common = await base.queries.search(SHOP, "how do I", None, limit=10)
    assert len(common) == (10 if shop == SHOP else 1)


async def test_the_knowledge_base_is_read_page_by_page(base: Base) -> None:
    ids = [base.imported(f"{n} days", seed=n) for n in range(3)]
    await base.show()
    assert [row["id"] for row in await base.queries.knowledge(SHOP)] == ids
    assert await base.queries.knowledge(SHOP, category="place") == []
    assert await base.queries.knowledge(SHOP, status="retracted") == []
