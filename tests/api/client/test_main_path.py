"""The client's main path against the real API: from what is reported to what is found, followed and explained."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from relearn_client.http import (
    Accepted,
    AsyncHttpClient,
    Decided,
    Forbidden,
    HttpClient,
    Invalid,
    NotFound,
    OutcomeEvent,
    Unauthorized,
)
from tests.api.served import Served
from tests.client.telling import ROUTING

pytestmark = pytest.mark.timeout(180)

SHOP, ELSEWHERE, HELP = 41, 42, 43
WAIT = 30
QUESTION, WRONG, RIGHT = "How long do refunds take?", "Refunds take 30 days.", "Refunds take 14 days."
TASK = ROUTING | {"task_id": "clients-1", "repo": "clients", "model_tier": "of clients"}
ALL_OF_IT = "learning:0=0"
"""A place in the stream before everything."""


def done(answer: Accepted) -> Decided:
    assert isinstance(answer, Decided), "it is in the tables"
    assert answer.refused is None
    return answer


async def test_from_a_correction_to_knowledge_that_customers_dispute(knowing: Served) -> None:
    """An assistant and a reviewer, in a program with an event loop."""
    _, of_service = await asyncio.to_thread(knowing.key, "service", SHOP)
    _, of_reviewer = await asyncio.to_thread(knowing.key, "reviewer", SHOP)
    async with (
        AsyncHttpClient(knowing.url, of_service) as service,
        AsyncHttpClient(knowing.url, of_reviewer) as reviewer,
    ):
        conversation = uuid4()
        item = await corrected(service, conversation)
        known = await reviewed(reviewer, item)
        await disputed(service, known)
        await seen(reviewer, conversation, item, known)
        await changed(reviewer, known)
        await heard(reviewer)
        await refused(service)


async def corrected(service: AsyncHttpClient, conversation: UUID) -> UUID:
    """An owner corrects an answer, which nobody has to repeat; sent twice, it is decided once."""
    messages = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": WRONG}]
    about = {"conversation_id": conversation, "user_id": "ann", "channel": "web"}
    done(await service.conversation(**about, messages=messages, wait=WAIT))
    said = {"conversation_id": conversation, "corrected_answer": RIGHT, "actor_id": "owner"}
    first = done(await service.correction(**said, wait=WAIT, idempotency_key="the owner's word"))
    again = await service.correction(**said, wait=WAIT, idempotency_key="the owner's word")
    assert again.event_id == first.event_id
    (item,) = [UUID(each.item_id) for each in first.outcomes if each.kind == "ItemProposed"]
    return item


async def reviewed(reviewer: AsyncHttpClient, item: UUID) -> UUID:
    """A reviewer takes it, gives it back, approves it in other words, and lets it become knowledge."""
    (entry,) = [each async for each in reviewer.pending(source_type="correction")]
    assert (entry.id, entry.question, entry.proposed_content) == (item, QUESTION, RIGHT)
    done(await reviewer.assign(item, wait=WAIT))
    assert [each.id async for each in reviewer.queue(assigned="me")] == [item]
    done(await reviewer.release(item, wait=WAIT))
    found = await reviewer.get_item(item)
    assert [each.actor_id for each in found.sources] == ["owner"]
    stale = await reviewer.approve(item, item_version=found.row.version + 9, wait=WAIT)
    assert isinstance(stale, Decided)
    assert "changed since" in (stale.refused or "")
    done(await reviewer.approve(item, item_version=found.row.version, category="refunds", wait=WAIT))
    applied = done(await reviewer.apply(wait=WAIT))
    (known,) = [UUID(each.knowledge_id) for each in applied.outcomes if each.kind == "KnowledgeApplied"]
    return known


async def disputed(service: AsyncHttpClient, known: UUID) -> None:
    """An assistant answers with it, and a customer is not content."""
    found = await service.search("How long does a refund take?", limit=3)
    assert found.by_meaning
    assert (found.items[0].id, found.items[0].content, found.items[0].question_rank) == (known, RIGHT, 1)
    about = {"conversation_id": uuid4(), "actor_id": "bob", "cited_knowledge_ids": [known]}
    done(await service.response(**about, response_text=RIGHT, response_type="text", wait=WAIT))
    words = {"question": QUESTION, "response": RIGHT, "reason": "It took a month."}
    done(await service.feedback(**about, **words, feedback_type="thumbs_down", wait=WAIT))
    assert (await service.search(QUESTION)).items[0].disputes == 1


async def seen(reviewer: AsyncHttpClient, conversation: UUID, item: UUID, known: UUID) -> None:
    """Where it comes from can be told."""
    piece = await reviewer.get_knowledge(known)
    assert (piece.row.content, piece.row.category, [each.id for each in piece.versions]) == (
        RIGHT,
        "refunds",
        [known],
    )
    assert {each.action for each in piece.audit} == {"KnowledgeApplied", "KnowledgeDisputed"}
    assert piece.line is not None
    assert await reviewer.why(known) == piece.line
    talk = await reviewer.get_conversation(conversation)
    assert [each.id for each in talk.items] == [item]
    assert [each["corrected_answer"] for each in talk.corrections] == [RIGHT]
    everything = [each async for each in reviewer.audit(page_size=2)]
    assert len(everything) > 6
    assert everything == [each async for each in reviewer.audit()], "pages are one list"
    since = datetime.now(UTC) + timedelta(days=1)
    assert [each async for each in reviewer.audit(entity_id=item, from_time=since)] == []
    assert await reviewer.learning_metrics() == await reviewer.response_metrics() == ()


async def changed(reviewer: AsyncHttpClient, known: UUID) -> None:
    """What is known can be said anew, and that undone."""
    edited = done(await reviewer.edit(known, "Refunds take two weeks.", "shorter", wait=WAIT))
    (newer,) = [UUID(each.knowledge_id) for each in edited.outcomes if each.kind == "KnowledgeEdited"]
    assert [each.id for each in (await reviewer.get_knowledge(known)).versions] == [known, newer]
    done(await reviewer.rollback(newer, "it was right before", wait=WAIT))
    done(await reviewer.retract(known, "we take nothing back any more", wait=WAIT))
    assert [each async for each in reviewer.knowledge()] == []
    assert {each.id async for each in reviewer.knowledge(status="retracted")} == {known, newer}
    for number in (1, 2):
        done(await reviewer.propose(content=f"Content {number}", question=f"Question {number}?", wait=WAIT))
    items = [each.id async for each in reviewer.pending(source_type="manual")]
    assert len([done(each) for each in await reviewer.bulk("assign", items, wait=WAIT)]) == 1
    assert len([done(each) for each in await reviewer.bulk("reject", items, wait=WAIT)]) == 2


async def heard(reviewer: AsyncHttpClient) -> None:
    """The stream tells all of it, and goes on where one stopped."""
    audited = {each.id async for each in reviewer.audit()}
    told = await first(reviewer, len(audited), ALL_OF_IT)
    assert {each.id for each in told} == audited
    # One goes on after a record, never within it.
    places = [(each.log_partition, each.log_offset) for each in told]
    stopped = next(n for n in range(len(told) - 3, 0, -1) if places[n] != places[n + 1])
    rest = told[stopped + 1 :]
    assert await first(reviewer, len(rest), told[stopped].stream_id) == rest


async def first(client: AsyncHttpClient, count: int, after: str) -> list[OutcomeEvent]:
    found: list[OutcomeEvent] = []
    async with aclosing(client.follow(after=after)) as told:
        async for each in told:
            found.append(each)
            if len(found) == count:
                break
    return found


async def refused(service: AsyncHttpClient) -> None:
    """What may not be is an error that says why."""
    with pytest.raises(Forbidden, match=f"shop {ELSEWHERE} is not one of yours"):
        await service.search("x", shop=ELSEWHERE)
    with pytest.raises(Forbidden, match="role service may not look"):
        await service.get_item(uuid4())
    with pytest.raises(NotFound):
        await service.get_knowledge(uuid4())
    with pytest.raises(Invalid) as failure:
        await service.feedback(
            conversation_id=uuid4(), feedback_type="star_rating", idempotency_key="x" * 300
        )
    assert [each.field for each in failure.value.errors] == ["Idempotency-Key"]
    with pytest.raises(Invalid) as failure:
        await service.correction(conversation_id=uuid4(), corrected_answer=RIGHT)
    assert [each.field for each in failure.value.errors] == ["original_response"]


def test_an_import_and_tasks(knowing: Served) -> None:
    """An administrator, in a program without an event loop."""
    _, secret = knowing.key("admin")
    with HttpClient(knowing.url, secret) as admin:
        imported(admin)
        executed(admin)
        adopted = admin.adopt_policy({}, domain="executions", wait=WAIT)
        assert [type(each) for each in adopted] == [Decided] * 4
    with HttpClient(knowing.url, secret[:-1] + "!") as nobody, pytest.raises(Unauthorized, match="unknown"):
        nobody.search("x", shop=HELP)


def imported(admin: HttpClient) -> None:
    """Bad entries are named; those that are good are live, page by page; and again it is the same."""
    topics = ("shoes", "boats", "refunds", "opening hours", "gift cards")
    entries: list[dict[str, Any]] = [
        {"content": f"All about {topic}.", "question": f"What about {topic}?", "external_id": topic}
        for topic in topics
    ]
    entries.insert(2, {"question": "Without content?"})
    (told,) = admin.import_knowledge(entries, source="help pages", shop=HELP)
    assert (told.done, told.counts) == (5, {"live now": 5, "refused": 1})
    assert [(bad.line, bad.errors[0].field) for bad in told.bad_lines] == [(3, "content")]
    live = list(admin.knowledge(shop=HELP, page_size=2))
    assert {each.content for each in live} == {f"All about {topic}." for topic in topics}
    (told,) = admin.import_knowledge(entries, source="help pages", shop=HELP)
    assert told.counts == {"unchanged": 5, "refused": 1}


def executed(admin: HttpClient) -> None:
    """A task from its routing to what somebody thinks of it."""
    task = {"task_id": TASK["task_id"]}
    admin.task_routed(**TASK)
    admin.task_started(**task, pool_id="pool-3", started_at=datetime.now(UTC))
    admin.task_feedback(**task, by="ann", accepted=True, rating=5)
    done(admin.task_completed(**task, success=True, duration_seconds=2.5, quality_score=91.0, wait=WAIT))
    (found,) = admin.recent_executions(repo="clients")
    assert (found.task_id, found.quality_score, found.success) == (TASK["task_id"], 91.0, True)
    near = admin.similar_executions(TASK["task_description"], task_type="bugfix", limit=1)
    assert [(each.task_id, round(each.similarity or 0, 3)) for each in near] == [(TASK["task_id"], 1)]
    assert [(each.model_tier, each.runs) for each in admin.best_tiers("clients", "bugfix")] == [
        ("of clients", 1)
    ]
    assert [each.runs for each in admin.execution_trend("clients", days=7)] == [1]
    assert ("of clients", 0.8) in [(each.model_tier, each.mean_confidence) for each in admin.calibration()]
    assert admin.why(TASK["task_id"], domain="executions")["entity"] == "task"
