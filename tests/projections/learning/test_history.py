"""The past, page by page and as it comes: all of one's own, in the order of the log, and nothing of others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from projections.learning.history import AfterEntry, Entries, LearningHistory
from projections.learning.projection import PROJECTION
from projections.queries import Row
from projections.writer import Writer
from schemas import learning as out
from schemas.call import CallTranscribed
from schemas.conversation import ConversationRecorded, Message
from schemas.correction import ResponseCorrected
from schemas.feedback import FeedbackGiven
from schemas.response import ResponseServed
from schemas.standing import Parts
from schemas.stored import CallStored, ConversationStored, CorrectionStored, FeedbackStored, ResponseStored
from tests.projections.learning_log import NOON, Log, pending, source_of

ABOUT = UUID(int=500)
PARTITIONS = 2
EVERY = Entries()


class Past:
    """Two partitions of a log that grow, what is shown of them, and who asks."""

    def __init__(self, pool: asyncpg.Pool, writer: Writer) -> None:
        self.writer = writer
        self.logs = [Log(number).opened(PARTITIONS) for number in range(PARTITIONS)]
        self.ask = LearningHistory(pool, PROJECTION)

    def log(self, shop: int) -> Log:
        return self.logs[shop % PARTITIONS]

    def said(self, shop: int, data: Any, stored: Any, **more: Any) -> UUID:
        """A record that says that an event of its own was stored."""
        log = self.log(shop)
        event = log.event(data, shop)
        return log.add(event, stored(shop_id=shop, id=event.id, **more)).id

    def complained(self, shop: int, conversation: UUID = ABOUT) -> UUID:
        """A complaint that becomes an item, whose id is returned: two outcomes in one record."""
        log = self.log(shop)
        event = log.event(
            FeedbackGiven(conversation_id=conversation, feedback_type="thumbs_down", reason="No"), shop
        )
        item = log.new_id()
        proposed = out.ItemProposed(
            shop_id=shop,
            item_id=item,
            source=source_of(event),
            parts=Parts(complaint="complaint"),
            now=pending(),
        )
        log.add(event, FeedbackStored(shop_id=shop, id=event.id), proposed, vectors={"complaint": 1})
        return item

    async def show(self) -> None:
        for number, log in enumerate(self.logs):
            at = await self.writer.position(number)
            await self.writer.apply(number, at, log.entries[at.seq :])


@pytest.fixture
async def past(pool: asyncpg.Pool, writer: Writer) -> Past:
    """Complaints of three shops, of which two share a partition; shop 0 has the policies that open the logs."""
    past = Past(pool, writer)
    for number in range(12):
        past.complained(7 + number % 3)
    await past.show()
    return past


async def pages(ask: LearningHistory, shop: int | None, wanted: Entries = EVERY) -> list[Row]:
    """All of the audit, page after page."""
    rows, after = list[Row](), None
    while page := await ask.audit(shop, wanted, after=after, limit=5):
        rows += page
        after = AfterEntry(page[-1]["at"], page[-1]["log_offset"], page[-1]["id"])
    return rows


async def test_the_audit_is_read_latest_first_and_says_where_it_stands_in_the_log(past: Past) -> None:
    for shop, rows in ((None, 2 + 24), (0, 2), (7, 8), (99, 0)):
        found = await pages(past.ask, shop)
        assert len({row["id"] for row in found}) == len(found) == rows
        keys = [(row["at"], row["log_offset"], row["id"]) for row in found]
        assert keys == sorted(keys, reverse=True)
    assert {(row["topic"], row["log_partition"]) for row in found if row["shop_id"] == 7} <= {
        ("learning.decisions", 1)
    }


async def test_the_audit_of_some_shops_is_theirs_alone(past: Past) -> None:
    assert {row["shop_id"] for row in await pages(past.ask.for_shops([7, 9]), None)} == {7, 9}
    assert await pages(past.ask.for_shops([7]), 8) == []
    assert await pages(past.ask.for_shops([7]), 0) == []
    assert len(await pages(past.ask.for_shops(None), None)) == 26


async def test_only_the_entries_asked_for_come(past: Past) -> None:
    item = past.complained(7)
    await past.show()
    (row,) = await pages(past.ask, None, Entries(entity_id=item))
    assert (row["shop_id"], row["action"], row["entity"]) == (7, "ItemProposed", "item")
    assert await pages(past.ask, 8, Entries(entity_id=item)) == []
    assert await pages(past.ask, 7, Entries(entity_id=item, action="ItemApplied")) == []
    assert len(await pages(past.ask, None, Entries(action="PolicyAdopted"))) == 2
    assert len(await pages(past.ask, 7, Entries(actor=row["actor"]))) == 10
    assert await pages(past.ask, 7, Entries(actor="nobody")) == []
    at = row["at"]
    assert {each["at"] for each in await pages(past.ask, 7, Entries(from_time=at))} == {at}
    assert len(await pages(past.ask, 7, Entries(from_time=NOON, to_time=at))) == 8


async def test_outcomes_come_in_the_order_of_the_log_and_no_record_is_cut(past: Past) -> None:
    every = await past.ask.outcomes_after({})
    assert every.offsets == await past.ask.shown()
    for shops, count in ((None, 26), ([7], 8), ([7, 8], 16), ([0], 2), ([], 0)):
        for limit in (1, 3, 500):
            rows: list[Row] = []
            offsets: Mapping[int, int] = {}
            while (found := await past.ask.outcomes_after(offsets, shops, limit)).rows:
                rows += found.rows
                offsets = found.offsets
            assert len({row["id"] for row in rows}) == len(rows) == count
            assert found.offsets == every.offsets
            for number in range(PARTITIONS):
                of_one = [row["log_offset"] for row in rows if row["log_partition"] == number]
                assert of_one == sorted(of_one)
            assert {row["id"] for row in rows} <= {row["id"] for row in every.rows}


async def test_a_stream_goes_on_with_what_is_new_and_one_s_own(past: Past) -> None:
    mine = past.ask.for_shops([7])
    assert {row["shop_id"] for row in (await mine.outcomes_after({})).rows} == {7}
    begin = await mine.shown()
    assert (await mine.outcomes_after(begin)).rows == []
    past.complained(8)
    item = past.complained(7)
    await past.show()
    found = await mine.outcomes_after(begin)
    assert [row["action"] for row in found.rows if row["entity_id"] == item] == ["ItemProposed"]
    assert {row["shop_id"] for row in found.rows} == {7}
    assert found.offsets == await mine.shown() != begin
    ahead = {number: offset + 100 for number, offset in begin.items()}
    assert (await mine.outcomes_after(ahead)).offsets == ahead, "what is not shown yet is waited for"


async def test_a_conversation_has_all_that_was_said_about_it(past: Past) -> None:
    shop = 7
    data = ConversationRecorded(
        conversation_id=ABOUT,
        user_id="ann",
        channel="web",
        messages=[Message(role="user", content="How long do refunds take?")],
    )
    log = past.log(shop)
    log.add(log.event(data, shop), ConversationStored(shop_id=shop, id=ABOUT, messages=1))
    item = past.complained(shop)
    other = past.complained(shop, UUID(int=501))
    corrected = ResponseCorrected(conversation_id=ABOUT, original_response="a", corrected_answer="b")
    call = CallTranscribed(conversation_id=ABOUT, transcript="hello")
    served = ResponseServed(conversation_id=ABOUT, response_text="5 days", response_type="faq")
    ids = [
        past.said(shop, corrected, CorrectionStored),
        past.said(shop, call, CallStored, sentiment="neutral"),
        past.said(shop, served, ResponseStored),
    ]
    await past.show()
    found = await past.ask.for_shops([shop]).conversation(shop, ABOUT)
    assert found is not None
    assert (found.row["user_id"], "refunds" in found.row["transcript"]) == ("ann", True)
    assert [row["id"] for rows in (found.corrections, found.calls, found.responses) for row in rows] == ids
    items = {row["id"] for row in found.items}
    assert item in items
    assert other not in items
    assert len(found.feedback) == len(items) == 5, "four complaints before were about it, too"
    assert await past.ask.for_shops([8]).conversation(shop, ABOUT) is None
    assert await past.ask.conversation(shop, UUID(int=1)) is None
