"""What was decided, in words that a reviewer reads."""

from __future__ import annotations

from uuid import UUID

from schemas.learning import ItemApproved, ItemWithdrawn, KnowledgeRetracted
from schemas.outcome import Outcome, RequestRefused
from schemas.record import Record
from schemas.saying import line, refusal, told
from schemas.standing import ItemState, KnowledgeState

ITEM = UUID(int=1)
PENDING = ItemState(status="pending", version=2, confidence=80)
STALE = RequestRefused(shop_id=7, reason="stale", entity="item", id=ITEM, state="pending")
APPROVED = ItemApproved(
    shop_id=7,
    item_id=ITEM,
    by="reviewer",
    was=PENDING,
    now=PENDING.model_copy(update={"status": "approved", "version": 3}),
)


def record(*outcomes: Outcome) -> Record:
    return Record(0, 0, "", outcomes)


def test_an_item_tells_what_changed() -> None:
    assert line(APPROVED) == f"item approved {ITEM} (status pending → approved, version 2 → 3)"


def test_knowledge_tells_what_changed() -> None:
    outcome = KnowledgeRetracted(
        shop_id=7,
        knowledge_id=ITEM,
        reviewer_id=ITEM,
        was=KnowledgeState(status="live", disputes=2),
        now=KnowledgeState(status="retracted", disputes=2),
    )
    assert line(outcome) == f"knowledge retracted {ITEM} (status live → retracted)"


def test_a_refusal_says_why_in_words() -> None:
    why = f"refused for item {ITEM} (pending): stale: it has changed since the version that you name"
    assert refusal(record(STALE)) == f"{why}: look at it again"


def test_a_second_pair_of_eyes_is_asked_for() -> None:
    held = ItemWithdrawn(shop_id=7, item_id=ITEM, now=PENDING, needs_second_pair=True)
    assert line(held).endswith(", needs a second pair of eyes")
    own = STALE.model_copy(update={"reason": "own_source"})
    assert refusal(record(own)) == (
        f"refused for item {ITEM} (pending): own_source: whoever said it cannot approve it: "
        "it needs a second pair of eyes"
    )


def test_what_is_refused_in_part_is_not_refused() -> None:
    assert refusal(record(STALE, APPROVED)) is None
    assert len(told(record(STALE, APPROVED))) == 2


def test_nothing_is_said_to_be_nothing() -> None:
    assert told(record()) == ["nothing follows from it"]
    assert refusal(record()) is None
