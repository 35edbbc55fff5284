"""Every operation, for every role, in its own shop and in another's."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, get_args
from uuid import UUID, uuid4

import httpx
import orjson
import pytest

from runtime.keys import put_key
from schemas.access import RIGHTS, SECRET_BYTES, Right, Role, secret_of
from tests.api.asking import FOREIGN, OWN, ask, some
from tests.api.operations import everything
from tests.api.recorded import inputs, rows_of
from tests.api.served import Served, until

REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
WAIT = {"prefer": "wait=30"}
SECRET = "zanzibar"
"""What only a foreign shop says."""


@dataclass(frozen=True)
class Shop:
    """One of which there is something to be seen in every table."""

    number: int
    conversation: UUID
    item: UUID
    source: UUID
    knowledge: UUID

    def ids(self, path: str) -> Mapping[str, UUID]:
        """For the names in an operation's path: the thing of its kind."""
        kind = path.split("/")[2]
        found = {"knowledge": self.knowledge, "conversations": self.conversation}
        return {"id": found.get(kind, self.item), "source_id": self.source}


def tell(admin: httpx.Client, path: str, **body: Any) -> dict[str, Any]:
    """Sends it, and waits until it is shown."""
    answer = admin.post(f"/api/{path}", json=body, headers=WAIT)
    assert answer.status_code == HTTPStatus.OK, answer.text
    told: dict[str, Any] = answer.json()
    assert told["refused"] is None
    return told


def entity_of(told: Mapping[str, Any], kind: str) -> UUID:
    field = "knowledge_id" if kind.startswith("Knowledge") else "item_id"
    [found] = [each[field] for each in told["outcomes"] if each["kind"] == kind]
    return UUID(found)


def made(admin: httpx.Client, number: int, word: str) -> Shop:
    """A shop that says this word wherever it can."""
    shop, talk = {"shop_id": number, "actor_id": word}, some()
    said = [{"role": "user", "content": f"What of {word}?"}, {"role": "assistant", "content": f"No {word}."}]
    tell(
        admin,
        "conversations",
        conversation_id=talk,
        user_id=word,
        channel=word,
        messages=said,
        summary=word,
        **shop,
    )
    rated = tell(
        admin,
        "feedback/rating",
        conversation_id=talk,
        thumbs="down",
        reason=f"There is {word}!",
        category=word,
        **shop,
    )
    tell(admin, "responses", conversation_id=talk, response_text=f"No {word}.", response_type=word, **shop)
    tell(admin, "transcripts", transcript=f"user: I hate your {word}", sentiment="negative", **shop)
    right = tell(
        admin,
        "feedback/correction",
        conversation_id=some(),
        question=f"Where is the {word}?",
        original_response="Nowhere.",
        corrected_answer=f"The {word} is here.",
        **shop,
    )
    # Its words may be so much like those of the rating that both are one item.
    approved = UUID(next(each["item_id"] for each in right["outcomes"] if "item_id" in each))
    tell(admin, f"queue/{approved}/approve", shop_id=number, note=word, category=word)
    applied = tell(admin, "apply", shop_id=number)
    item = entity_of(rated, "ItemProposed")
    known = entity_of(applied, "KnowledgeApplied")
    return Shop(number, UUID(talk), item, UUID(rated["event_id"]), known)


@pytest.fixture(scope="module")
def own(admin: httpx.Client) -> Shop:
    return made(admin, OWN, "delivery")


@pytest.fixture(scope="module")
def foreign(admin: httpx.Client) -> Shop:
    return made(admin, FOREIGN, SECRET)


@pytest.fixture(scope="module")
def bound(api: Served) -> Mapping[Role, httpx.Client]:
    """One of each role, of one shop."""
    return {role: api.caller(role, OWN, name=f"{role} of one shop") for role in get_args(Role)}


def test_every_operation_says_which_right_it_takes(admin: httpx.Client) -> None:
    rights = {str(each): each.said.get("x-right") for each in everything(admin)}
    assert set(rights.values()) <= set(get_args(Right))
    assert len(rights) > 20


def test_nobody_gets_in_without_a_key_that_opens(api: Served, admin: httpx.Client) -> None:
    key, secret = api.key("admin", name="revoked")
    asyncio.run(put_key(api.settings, key.model_copy(update={"revoked_at": datetime.now(UTC)})))
    until(lambda: api.keys.find(secret, datetime.now(UTC)) is None, 1.0)
    for shown in (None, secret, secret_of(uuid4(), bytes(SECRET_BYTES)), "rubbish", secret[:-1], "é"):
        nobody = api.speaking(None)
        if shown is not None:
            nobody.headers = httpx.Headers([(b"authorization", b"Bearer " + shown.encode())])
        found = {str(each): ask(nobody, each) for each in everything(admin)}
        assert {status for status, _ in found.values()} == {HTTPStatus.UNAUTHORIZED}, found
        for _, text in found.values():
            assert orjson.loads(text)["status"] == HTTPStatus.UNAUTHORIZED
    answer = nobody.post("/api/knowledge", json={})
    assert answer.headers["www-authenticate"].startswith("Bearer ")
    answer = api.speaking(None).post("/api/knowledge", json={}, auth=("ann", "word"))
    assert answer.status_code == HTTPStatus.UNAUTHORIZED


@pytest.mark.usefixtures("foreign")  # made before this test lets other policies come into force
def test_a_role_may_what_its_rights_say(
    api: Served, admin: httpx.Client, own: Shop, bound: Mapping[Role, httpx.Client]
) -> None:
    offered = everything(admin)
    expected, found = {}, {}
    for role in get_args(Role):
        everywhere = api.caller(role, name=f"{role} of all")
        for each in offered:
            may = each.right in RIGHTS[role]
            for shops, caller in (("all", everywhere), ("its own", bound[role])):
                status, text = ask(caller, each, OWN, own.ids(each.path))
                name = f"{role}, {shops}: {each}"
                # What belongs to no shop takes a key of all shops to write, and shows nothing of it otherwise.
                lets_in = may and (shops == "all" or each.names_shop or each.path == "/api/events")
                if may and not lets_in and each.method == "GET":
                    assert status < 500, (name, text)
                    continue
                expected[name] = "may" if lets_in else "may not"
                found[name] = "may not" if status in REFUSED else "may" if status < 500 else text
    assert found == expected


def test_a_foreign_shop_neither_shows_nor_takes_anything(
    api: Served, admin: httpx.Client, own: Shop, foreign: Shop, bound: Mapping[Role, httpx.Client]
) -> None:
    rows, sent = rows_of(api.settings, FOREIGN), inputs(api.settings)
    assert sum(SECRET in row for row in rows) > 10, "there is something to be seen"
    seen = {}
    # Reads come first: whoever has asked for something to be done with an id can read that it was refused.
    offered = sorted(everything(admin), key=lambda each: each.method != "GET")
    for each, (role, caller) in itertools.product(offered, bound.items()):
        name = f"{role}: {each}"
        status, text = ask(caller, each, FOREIGN, foreign.ids(each.path))
        if each.names_shop or each.path == "/api/events":
            assert status == HTTPStatus.FORBIDDEN, (name, text)
        seen[f"{name}, named"] = text
        status, text = ask(caller, each, OWN, foreign.ids(each.path))
        assert status < 500, (name, text)
        if each.method == "GET" and "{" in each.path and each.right in RIGHTS[role]:
            assert status == HTTPStatus.NOT_FOUND, (name, text)
        seen[f"{name}, by its id"] = text
        seen[f"{name}, by nothing"] = ask(caller, each, None)[1]
    assert {name: text for name, text in seen.items() if SECRET in text} == {}
    assert rows_of(api.settings, FOREIGN) == rows
    new = [m.value for place, m in inputs(api.settings).items() if place not in sent]
    assert new
    assert not [value for value in new if orjson.loads(value).get("shopid") == FOREIGN]
    assert any(SECRET in ask(admin, each, FOREIGN, foreign.ids(each.path))[1] for each in everything(admin))


def test_several_shops_have_to_be_named(api: Served) -> None:
    both = api.caller("reviewer", OWN, FOREIGN)
    body = {"content": "We open at noon."}
    unnamed = both.post("/api/knowledge", json=body)
    assert unnamed.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert [each["field"] for each in unnamed.json()["errors"]] == ["shop_id"]
    for shop, status in (
        (OWN, HTTPStatus.ACCEPTED),
        (FOREIGN, HTTPStatus.ACCEPTED),
        (9, HTTPStatus.FORBIDDEN),
    ):
        assert both.post("/api/knowledge", json=body | {"shop_id": shop}).status_code == status


def test_the_only_shop_goes_without_saying(api: Served, bound: Mapping[Role, httpx.Client]) -> None:
    answer = bound["service"].post("/api/knowledge", json={"content": "We open at noon."}, headers=WAIT)
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert answer.json()["outcomes"]


def test_whoever_decides_does_so_in_their_own_name(api: Served, own: Shop) -> None:
    key, secret = api.key("reviewer", OWN)
    reviewer = api.speaking(secret)
    for field, value in (("reviewer_id", some()), ("actor_id", "ann")):
        for path in (f"queue/{own.item}/approve", "apply"):
            answer = reviewer.post(f"/api/{path}", json={field: value})
            assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, (path, field, answer.text)
            assert answer.json()["errors"][0]["field"] == field
    question = f"Who holds {some()}?"
    item = entity_of(tell(reviewer, "knowledge", content="You do.", question=question), "ItemProposed")
    told = tell(reviewer, f"queue/{item}/assign")
    [outcome] = told["outcomes"]
    assert (outcome["item_id"], outcome["reviewer_id"]) == (str(item), str(key.id))
    spoken = tell(reviewer, "knowledge", content="We open at ten.")
    sent = next(m for m in inputs(api.settings).values() if spoken["event_id"].encode() in m.value)
    assert orjson.loads(sent.value)["data"]["actor_id"] == str(key.id)
    another = reviewer.post("/api/knowledge", json={"content": "We open.", "actor_id": "ann"})
    assert another.status_code == HTTPStatus.FORBIDDEN
