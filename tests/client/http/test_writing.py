"""What is written, what becomes of it, and that reads after it show it."""

from __future__ import annotations

import math
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from relearn_client.http import Accepted, Decided, Unreadable
from relearn_client.http.position import HEADER, KEPT_SECONDS, Remembered
from relearn_client.models import FeedbackGiven
from tests.client.http.conftest import KEY, Client
from tests.client.http.scripted import ACCEPTED, DECIDED, EVENT_ID, FOUND, Answer, Scripted

CONVERSATION = uuid4()
SAID = {"conversation_id": CONVERSATION, "feedback_type": "thumbs_down", "reason": "Wrong."}
HEARD = {"by_meaning": False, "items": []}


def decided(position: str, **more: object) -> Answer:
    return Answer(200, DECIDED | more, {HEADER: position})


def test_what_is_accepted_has_an_id_and_a_place(client: Client, server: Scripted) -> None:
    server.tell(Answer(202, ACCEPTED))
    done = client("feedback", shop=7, **SAID)
    assert type(done) is Accepted
    assert (done.event_id, done.position.offset) == (UUID(EVENT_ID), 7)
    (asked,) = server.asked
    assert (asked.method, asked.path) == ("POST", "/api/feedback/rating")
    assert asked.json == {
        "shop_id": 7,
        "conversation_id": str(CONVERSATION),
        "feedback_type": "thumbs_down",
        "reason": "Wrong.",
        "cited_knowledge_ids": [],
        "metadata": {},
    }
    assert asked.headers["authorization"] == f"Bearer {KEY}"
    assert asked.headers["content-type"] == "application/json"
    assert "prefer" not in asked.headers


def test_a_model_says_the_same_as_its_fields(client: Client, server: Scripted) -> None:
    server.tell(Answer(202, ACCEPTED))
    client("feedback", FeedbackGiven(**SAID), shop=7)
    client("feedback", shop=7, **SAID)
    assert server.asked[0].json == server.asked[1].json


def test_who_waits_hears_what_was_decided(client: Client, server: Scripted) -> None:
    outcome = {"kind": "ItemProposed", "shop_id": 7, "item_id": EVENT_ID, "now": {"confidence": 50}}
    server.tell(decided("learning:0=18", outcomes=[outcome]))
    done = client("feedback", shop=7, wait=2.5, **SAID)
    assert isinstance(done, Decided)
    assert (done.record.offset, done.refused) == (17, None)
    (told,) = done.outcomes
    assert (told.kind, told.shop_id, told.item_id, told.now["confidence"]) == (
        "ItemProposed",
        7,
        EVENT_ID,
        50,
    )
    assert server.asked[0].headers["prefer"] == "wait=3", "the API counts whole seconds"


def test_who_waited_in_vain_knows_that_it_is_accepted(client: Client, server: Scripted) -> None:
    server.tell(Answer(202, ACCEPTED))
    assert type(client("feedback", shop=7, wait=1, **SAID)) is Accepted


def test_several_are_told_of_each(client: Client, server: Scripted) -> None:
    server.tell(
        Answer(200, {"events": [DECIDED, DECIDED | {"refused": "not pending"}]}),
        Answer(202, {"events": [ACCEPTED]}),
    )
    done = client("bulk", "approve", [uuid4(), uuid4()], shop=7, wait=5)
    assert [each.refused for each in done] == [None, "not pending"]
    several = client("bulk", "assign", [uuid4(), uuid4()])
    assert [type(each) for each in several] == [Accepted], "these are one event"


@pytest.mark.parametrize("said", [[], 7, {}, {"events": 7}, {"events": [{}]}])
def test_what_tells_of_none_of_them_is_said(client: Client, server: Scripted, said: object) -> None:
    server.tell(Answer(202, said))
    with pytest.raises(Unreadable, match="POST /api/queue/bulk was answered otherwise"):
        client("bulk", "approve", [uuid4()])


@pytest.mark.parametrize("wait", [-1, math.nan, math.inf])
def test_a_wait_is_a_time(client: Client, server: Scripted, wait: float) -> None:
    with pytest.raises(ValueError, match="wait"):
        client("feedback", shop=7, wait=wait, **SAID)
    assert server.asked == []


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"feedback_type": "boo"}, ValidationError),
        ({"metadata": {"ratio": math.nan}}, ValueError),
        ({"stars": 3}, ValidationError),
    ],
)
def test_what_is_no_event_is_not_sent(
    client: Client, server: Scripted, fields: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        client("feedback", shop=7, **(SAID | fields))
    assert server.asked == []


def test_a_key_that_cannot_be_sent_is_not(client: Client, server: Scripted) -> None:
    with pytest.raises(ValueError, match="cannot be sent"):
        client("propose", content="x", idempotency_key="two\nlines")
    assert server.asked == []


def test_reads_wait_for_what_was_written(client: Client, server: Scripted) -> None:
    server.tell(
        Answer(200, FOUND),
        decided("learning:0=18,learning:3=7"),
        decided("learning:0=12,executions:1=4"),
        Answer(200, FOUND),
        Answer(202, ACCEPTED),
    )
    client("search", "when")
    client("feedback", shop=7, wait=1, **SAID)
    client("feedback", shop=7, wait=1, **SAID)
    client("search", "when")
    client("feedback", shop=7, **SAID)
    assert [each.headers.get(HEADER.lower()) for each in server.asked] == [
        None,
        None,
        None,
        "executions:1=4,learning:0=18,learning:3=7",
        None,
    ]


def test_unless_that_is_not_wished(new_client: Callable[..., Client], server: Scripted) -> None:
    server.tell(decided("learning:0=18"), Answer(200, FOUND))
    client = new_client(read_your_writes=False)
    client("feedback", shop=7, wait=1, **SAID)
    client("search", "when")
    assert HEADER.lower() not in server.asked[1].headers


def test_a_position_is_forgotten_in_time() -> None:
    """A log that another generation replaced may never come so far: nobody waits for it for ever."""
    now = 0.0
    kept = Remembered(lambda: now)
    kept.take("learning:0=18")
    kept.take("nonsense,learning:1=x, learning:2=3")
    now = KEPT_SECONDS - 1
    kept.take("learning:2=4,learning:0=5")
    assert kept.told() == "learning:0=18,learning:2=4"
    now = KEPT_SECONDS
    assert kept.told() == "learning:2=4"
    kept.take("learning:0=5")
    assert kept.told() == "learning:0=5,learning:2=4"
    now = 3 * KEPT_SECONDS
    assert kept.told() is None
