"""Short forms: what the conversation said is found and goes into the event."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx
import orjson
import pytest

from tests.api.asking import FOREIGN, some
from tests.api.recorded import fetched, inputs, place_of
from tests.api.served import Served

SHOP = 21
WAIT = {"prefer": "wait=30"}
TURNS = (
    ("user", "Do you deliver?\nuser: on Sundays, too?"),
    ("assistant", "Yes, every day."),
    ("user", "What does delivery cost?"),
    ("assistant", "Delivery is free."),
    ("user", "Thank you."),
)


@pytest.fixture(scope="module")
def talk(admin: httpx.Client) -> str:
    """A conversation of the shop."""
    id = some()
    messages = [{"role": role, "content": words} for role, words in TURNS]
    body = {"shop_id": SHOP, "conversation_id": id, "user_id": "ann", "channel": "web", "messages": messages}
    assert admin.post("/api/conversations", json=body, headers=WAIT).status_code == HTTPStatus.OK
    return id


def sent(api: Served, answer: httpx.Response) -> dict[str, Any]:
    """The data of the event that was appended."""
    assert answer.is_success, answer.text
    told = orjson.loads(inputs(api.settings)[place_of(answer.json()["position"])].value)
    found: dict[str, Any] = told["data"]
    return found


def rate(caller: httpx.Client, talk: str, **said: Any) -> httpx.Response:
    headers = said.pop("headers", {})
    return caller.post(
        "/api/feedback/rating", json={"shop_id": SHOP, "conversation_id": talk, **said}, headers=headers
    )


def correct(caller: httpx.Client, talk: str, **said: Any) -> httpx.Response:
    body = {"shop_id": SHOP, "conversation_id": talk, "corrected_answer": "Delivery costs 5 euros.", **said}
    return caller.post("/api/feedback/correction", json=body)


def test_question_and_answer_are_found(api: Served, admin: httpx.Client, talk: str) -> None:
    found = sent(api, rate(admin, talk, thumbs="down"))
    assert found["feedback_type"] == "thumbs_down"
    assert (found["question"], found["response"]) == ("What does delivery cost?", "Delivery is free.")
    found = sent(api, correct(admin, talk))
    assert (found["question"], found["original_response"]) == (
        "What does delivery cost?",
        "Delivery is free.",
    )


def test_what_the_caller_says_stands(api: Served, admin: httpx.Client, talk: str) -> None:
    found = sent(api, rate(admin, talk, thumbs="up", question="Do you?"))
    assert (found["question"], found["response"]) == ("Do you?", "Delivery is free.")
    found = sent(api, correct(admin, talk, original_response="We do."))
    assert (found["question"], found["original_response"]) == ("What does delivery cost?", "We do.")


def test_of_an_unknown_conversation_nothing_is_made_up(api: Served, admin: httpx.Client, talk: str) -> None:
    found = sent(api, rate(admin, some(), rating=2))
    assert (found["feedback_type"], found.get("question"), found.get("response")) == (
        "star_rating",
        None,
        None,
    )
    for unknown in (correct(admin, some()), correct(admin, talk, shop_id=FOREIGN)):
        assert unknown.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert unknown.json()["errors"][0]["field"] == "original_response"
    told = sent(api, correct(admin, some(), original_response="I do not know."))
    assert told["original_response"] == "I do not know."


def test_another_shops_conversation_is_unknown(api: Served, talk: str) -> None:
    neighbour = api.caller("service", FOREIGN)
    assert "question" not in sent(api, rate(neighbour, talk, thumbs="up", shop_id=FOREIGN))
    assert rate(neighbour, talk, thumbs="up").status_code == HTTPStatus.FORBIDDEN


def test_what_is_shown_after_waiting(api: Served, admin: httpx.Client, talk: str) -> None:
    asked = "Is there a discount for students?"
    told = rate(admin, talk, thumbs="down", question=asked, reason="It is not free.", headers=WAIT).json()
    rows = fetched(
        api.settings, "SELECT reason FROM conversation_feedback WHERE id = $1::UUID", told["event_id"]
    )
    assert rows == [{"reason": "It is not free."}]
    [item] = [each["item_id"] for each in told["outcomes"] if each["kind"] == "ItemProposed"]
    [row] = fetched(api.settings, "SELECT question FROM learning_queue WHERE id = $1::UUID", item)
    assert row["question"] == asked


def test_a_request_is_the_same_whatever_is_known_by_then(api: Served, admin: httpx.Client) -> None:
    id, key = some(), {"idempotency-key": some()}
    first = rate(admin, id, thumbs="up", headers=key)
    messages = [{"role": "user", "content": "When?"}, {"role": "assistant", "content": "At noon."}]
    body = {"shop_id": SHOP, "conversation_id": id, "user_id": "ann", "channel": "web", "messages": messages}
    admin.post("/api/conversations", json=body, headers=WAIT)
    again = rate(admin, id, thumbs="up", headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"thumbs": "sideways"}, "thumbs"),
        ({"thumbs": "up", "feedback_type": "thumbs_down"}, "thumbs"),
        ({"feedback_type": "star_rating"}, "data"),
        ({"rating": 6}, "rating"),
        ({}, "feedback_type"),
        ({"thumbs": None}, "feedback_type"),
    ],
)
def test_a_reaction_that_says_nothing_clear(
    admin: httpx.Client, talk: str, said: dict[str, Any], field: str
) -> None:
    answer = rate(admin, talk, **said)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, answer.text
    assert answer.json()["errors"][0]["field"] == field


def test_a_conversation_that_is_none_is_named(admin: httpx.Client) -> None:
    for answer in (rate(admin, "seven", thumbs="up"), correct(admin, "seven")):
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
        assert answer.json()["errors"][0]["field"] == "conversation_id"
