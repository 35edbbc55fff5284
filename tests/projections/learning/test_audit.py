"""Who is named for what."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import orjson
import pytest

from projections.learning.audit import ShopAuditRow, audit
from projections.projection import Logged
from schemas import learning as out
from schemas.control import Tick
from schemas.correction import ResponseCorrected
from schemas.outcome import Outcome, PolicyAdopted, RequestRefused
from schemas.review import ItemApproved, MergeReverted
from schemas.standing import ItemState, KnowledgeState, Parts, Source, Words
from schemas.stored import CorrectionStored
from tests.projections.learning_log import SHOP, Log

ITEM, REVIEWER = UUID(int=1), UUID(int=99)
CORRECTION = ResponseCorrected(
    conversation_id=ITEM, original_response="a", corrected_answer="b", priority="urgent", actor_id="bob"
)
APPROVAL = ItemApproved(item_id=ITEM, reviewer_id=REVIEWER, actor_id="someone")
TICK = Tick(partition=0)
ABOUT: dict[str, Any] = {"shop_id": SHOP, "item_id": ITEM}


def row_of(data: Any, outcome: Outcome, index: int = 0) -> ShopAuditRow:
    log = Log()
    log.add(log.event(data), outcome)
    row = audit(
        Logged("learning.decisions", 3, 12, log.records[0], log.records[0].decided_at), index, outcome
    ).row
    assert isinstance(row, ShopAuditRow)
    return row


@pytest.mark.parametrize(
    ("data", "outcome", "actor"),
    [
        (APPROVAL, out.ItemApproved(**ABOUT, by="reviewer", reviewer_id=REVIEWER), str(REVIEWER)),
        (CORRECTION, out.ItemApproved(**ABOUT, by="urgency"), "policy"),
        (CORRECTION, out.ItemApproved(**ABOUT, by="confidence"), "policy"),
        (CORRECTION, out.ItemApplied(**ABOUT, knowledge_id=ITEM), "policy"),
        (CORRECTION, CorrectionStored(shop_id=SHOP, id=ITEM), "bob"),
        (TICK, out.ItemReleased(**ABOUT, reviewer_id=REVIEWER, why="expired"), "policy"),
        (TICK, RequestRefused(reason="no", entity="policy"), "test"),
        (
            CORRECTION.model_copy(update={"actor_id": None}),
            CorrectionStored(shop_id=SHOP, id=ITEM),
            "test",
        ),
    ],
)
def test_the_actor(data: Any, outcome: Outcome, actor: str) -> None:
    assert row_of(data, outcome).actor == actor


def test_the_policy_that_opens_a_log_has_no_event() -> None:
    log = Log().opened()
    (outcome,) = log.records[0].outcomes
    assert isinstance(outcome, PolicyAdopted)
    row = audit(Logged("learning.decisions", 0, 0, log.records[0], log.records[0].decided_at), 0, outcome).row
    assert isinstance(row, ShopAuditRow)
    assert (row.shop_id, row.actor, row.entity, row.event_id) == (0, "policy", "policy", None)
    assert row.after is not None
    assert set(orjson.loads(row.after)) == {"policy_hash", "embedding_model", "partitions"}


def test_states_before_and_after_with_what_the_outcome_tells() -> None:
    was, now = (
        ItemState(status="pending", version=1, confidence=50),
        ItemState(status="approved", version=2, confidence=50),
    )
    row = row_of(APPROVAL, out.ItemApproved(**ABOUT, by="reviewer", reviewer_id=REVIEWER, was=was, now=now))
    assert row.before is not None
    assert row.after is not None
    assert orjson.loads(row.before) == {"status": "pending", "version": 1, "confidence": 50, "target": None}
    assert orjson.loads(row.after) == {
        "status": "approved",
        "version": 2,
        "confidence": 50,
        "target": None,
        "by": "reviewer",
        "reviewer_id": str(REVIEWER),
        "edited": False,
    }
    assert (row.action, row.entity, row.entity_id) == ("ItemApproved", "item", str(ITEM))
    assert (row.topic, row.log_partition, row.log_offset) == ("learning.decisions", 3, 12)


def test_a_second_pair_of_eyes_is_told_of_where_one_is_asked_for() -> None:
    source = Source(source_id=ITEM, source_type="correction", base_confidence=95)
    told: dict[str, Any] = {**ABOUT, "source": source, "parts": Parts(answer="answer")}
    plain = row_of(CORRECTION, out.ItemProposed(**told)).after
    asked = row_of(
        CORRECTION, out.ItemProposed(**told, second_pair_for="urgency", needs_second_pair=True)
    ).after
    assert plain is not None
    assert asked is not None
    assert orjson.loads(asked) == orjson.loads(plain) | {
        "second_pair_for": "urgency",
        "needs_second_pair": True,
    }


def test_words_that_move_with_a_source_stay_out() -> None:
    data = MergeReverted(item_id=ITEM, source_id=ITEM, reviewer_id=REVIEWER)
    words = Words(question="private", answer="private", category="private")
    source = Source(source_id=ITEM, source_type="feedback", base_confidence=50)
    state = ItemState(status="pending", version=1, confidence=50)
    for outcome in (
        out.ItemSplit(**ABOUT, source=source, words=words, split_from=ITEM, now=state),
        out.MergeReverted(**ABOUT, source_id=ITEM, new_item_id=ITEM, words=words, was=state, now=state),
    ):
        assert "private" not in str(row_of(data, outcome))


def test_rows_are_named_by_place_and_index() -> None:
    outcome = out.KnowledgeRevived(shop_id=SHOP, knowledge_id=ITEM, now=KnowledgeState(status="live"))
    assert row_of(APPROVAL, outcome).id == row_of(APPROVAL, outcome).id
    assert row_of(APPROVAL, outcome).id != row_of(APPROVAL, outcome, 1).id
