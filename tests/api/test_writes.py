"""What holds for every operation that appends what one JSON object says."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import httpx
import orjson
import pytest

from schemas.topics import MAX_INPUT_BYTES
from tests.api.asking import BODIES, OTHERWISE, OWN, body_for, place, some
from tests.api.operations import Operation, writes
from tests.api.recorded import fetched, inputs, place_of
from tests.api.served import Served, served

JSON = {"content-type": "application/json"}
ANOTHER = 9
"""A shop."""


@pytest.fixture
def offered(admin: httpx.Client) -> Sequence[Operation]:
    found = writes(admin)
    assert {each.path for each in found} == set(BODIES)
    return found


def events_of(answer: httpx.Response) -> list[dict[str, Any]]:
    """What an answer tells of each event."""
    told = answer.json()
    found: list[dict[str, Any]] = told.get("events", [told])
    return found


def post(
    caller: httpx.Client, path: str, body: Mapping[str, Any], key: str | None = None, **headers: str
) -> httpx.Response:
    named = {} if key is None else {"idempotency-key": key}
    return caller.post(path, json=body, headers={**named, **headers})


def test_what_is_accepted_stands_where_the_answer_says(
    api: Served, admin: httpx.Client, offered: Sequence[Operation]
) -> None:
    answers = {each: post(admin, place(each), body_for(each, OWN)) for each in offered}
    sent = inputs(api.settings)
    for operation, answer in answers.items():
        assert answer.status_code == HTTPStatus.ACCEPTED, (str(operation), answer.text)
        for told in events_of(answer):
            assert orjson.loads(sent[place_of(told["position"])].value)["id"] == told["event_id"]


def test_who_waits_hears_what_was_decided(admin: httpx.Client, offered: Sequence[Operation]) -> None:
    for each in offered:
        answer = post(admin, place(each), body_for(each, OWN), prefer="respond-async, wait=30")
        assert answer.status_code == HTTPStatus.OK, (str(each), answer.text)
        assert answer.headers["preference-applied"] == "wait=30"
        events = events_of(answer)
        shown = dict(one.split("=") for one in answer.headers["relearn-position"].split(","))
        for told in events:
            domain = "executions" if told["position"]["topic"].startswith("tasks.") else "learning"
            assert int(shown[f"{domain}:{told['record']['partition']}"]) > told["record"]["offset"]
            assert told["outcomes"] or told["refused"] is None
            assert not any("embedding" in name for outcome in told["outcomes"] for name in outcome)


def test_whoever_does_not_wait_long_enough_is_told_that_it_is_durable(admin: httpx.Client) -> None:
    for wait in ("wait=0", "wait=", "wait=-1", "wait=soon", "return=minimal"):
        answer = admin.post(
            "/api/knowledge", json={"shop_id": OWN, "content": "So."}, headers={"prefer": wait}
        )
        assert answer.status_code == HTTPStatus.ACCEPTED, wait
        assert "relearn-position" not in answer.headers


def test_a_request_that_is_sent_again_is_answered_again(
    api: Served, admin: httpx.Client, offered: Sequence[Operation]
) -> None:
    ids = []
    for each in offered:
        key, path, body = some(), place(each), body_for(each, OWN)
        first, again = post(admin, path, body, key), post(admin, path, body, key)
        assert (again.status_code, again.content) == (first.status_code, first.content), str(each)
        assert again.headers["x-request-id"] != first.headers["x-request-id"]
        other = post(admin, path, body | OTHERWISE.get(each.path, {"shop_id": ANOTHER}), key)
        assert other.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, (str(each), other.text)
        assert [fault["field"] for fault in other.json()["errors"]] == ["Idempotency-Key"]
        ids += [told["event_id"] for told in events_of(first)]
    sent = Counter(orjson.loads(message.value)["id"] for message in inputs(api.settings).values())
    assert {id: sent[id] for id in ids} == dict.fromkeys(ids, 1)


async def test_a_request_that_is_sent_twice_at_once_is_one_event(
    api: Served, admin: httpx.Client, offered: Sequence[Operation]
) -> None:
    async with httpx.AsyncClient(base_url=api.url, headers=admin.headers, timeout=60) as caller:
        for each in offered:
            path, body, key = place(each), body_for(each, OWN), {"idempotency-key": some()}
            answers = await asyncio.gather(
                *(caller.post(path, json=body, headers=key | {"prefer": "wait=30"}) for _ in range(3))
            )
            assert len({answer.content for answer in answers}) == 1, str(each)
            assert {answer.status_code for answer in answers} == {HTTPStatus.OK}
            assert len({answer.headers["x-request-id"] for answer in answers}) == 3


def test_a_key_means_the_same_to_every_process(api: Served, admin: httpx.Client) -> None:
    key, body = some(), {"shop_id": OWN, "content": "We open at noon on Sundays."}
    first = post(admin, "/api/knowledge", body, key, prefer="wait=30")
    with served(api.settings) as another:
        caller = another.speaking(admin.headers["authorization"].removeprefix("Bearer "))
        again = post(caller, "/api/knowledge", body, key, prefer="wait=30")
    assert again.json()["event_id"] == first.json()["event_id"]
    assert [each["kind"] for each in again.json()["outcomes"]] == ["DuplicateIgnored"]


def test_keys_of_two_callers_do_not_meet(api: Served, admin: httpx.Client) -> None:
    another, key = api.caller("admin", name="another"), some()
    bodies = [{"shop_id": OWN, "content": words} for words in ("So.", "Not so.")]
    answers = [
        post(who, "/api/knowledge", body, key) for who, body in zip((admin, another), bodies, strict=True)
    ]
    assert [answer.status_code for answer in answers] == [HTTPStatus.ACCEPTED] * 2
    assert answers[0].json()["event_id"] != answers[1].json()["event_id"]


def test_a_name_of_a_request_that_is_none_is_refused(admin: httpx.Client) -> None:
    for key in ("", "x" * 256, "caf\u00e9", "a\tb"):
        headers = [(b"idempotency-key", key.encode())]
        answer = admin.post("/api/knowledge", json={"shop_id": OWN, "content": "So."}, headers=headers)  # type: ignore[arg-type]
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, key
        assert answer.json()["errors"][0]["field"] == "Idempotency-Key"


def wrong(schema: Mapping[str, Any]) -> Any:
    """A value of a type that this schema does not allow."""
    allowed = str([each.get("type") for each in schema.get("anyOf", [schema])])
    return [[]] if "array" not in allowed else 7


def faulty(operation: Operation) -> Iterator[tuple[str, dict[str, Any]]]:
    """Bodies in which one field is wrong, and its name."""
    body = body_for(operation, OWN)
    assert operation.body is not None
    yield "no_such_field", body | {"no_such_field": 1}
    for name, schema in operation.fields.items():
        yield name, body | {name: wrong(schema)}
    required = {*operation.body.get("required", ()), *({"shop_id"} & set(operation.fields))}
    for name in required:
        yield name, {field: value for field, value in body.items() if field != name}


def test_the_field_that_is_wrong_is_named(admin: httpx.Client, offered: Sequence[Operation]) -> None:
    found, expected = {}, {}
    for each in offered:
        for name, body in faulty(each):
            answer = post(admin, place(each), body)
            what = f"{each}: {name} in {body}"
            expected[what] = (HTTPStatus.UNPROCESSABLE_ENTITY, name)
            told = answer.json()
            fields = [fault["field"] for fault in told.get("errors", ())]
            found[what] = (answer.status_code, fields[0].split(".")[0] if fields else told)
            assert answer.headers["content-type"] == "application/problem+json"
    assert found == expected


def deep(levels: int) -> Any:
    value: Any = "deep"
    for _ in range(levels):
        value = [value]
    return value


UNREADABLE: Mapping[str, tuple[Callable[[dict[str, Any]], bytes], Mapping[str, str], HTTPStatus]] = {
    "not JSON": (lambda _: b"{", JSON, HTTPStatus.BAD_REQUEST),
    "not UTF-8": (lambda _: b'{"\xff": 1}', JSON, HTTPStatus.BAD_REQUEST),
    "nothing": (lambda _: b"", JSON, HTTPStatus.BAD_REQUEST),
    "no object": (lambda _: b"[]", JSON, HTTPStatus.BAD_REQUEST),
    "NUL": (lambda body: orjson.dumps(body | {"note": "a\0b"}), JSON, HTTPStatus.BAD_REQUEST),
    "too deep": (
        lambda body: orjson.dumps(body | {"metadata": {"x": deep(65)}}),
        JSON,
        HTTPStatus.BAD_REQUEST,
    ),
    "another type": (orjson.dumps, {"content-type": "text/plain"}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    "no type": (orjson.dumps, {}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
    "an event": (
        orjson.dumps,
        {"content-type": "application/cloudevents+json"},
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    ),
    "too large": (lambda _: b" " * (MAX_INPUT_BYTES + 1), JSON, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
}


def test_what_cannot_be_read_is_refused(
    api: Served, admin: httpx.Client, offered: Sequence[Operation]
) -> None:
    before = len(inputs(api.settings))
    found = {}
    for each in offered:
        for name, (written, headers, status) in UNREADABLE.items():
            answer = admin.post(place(each), content=written(body_for(each, OWN)), headers=headers)
            if answer.status_code != status or answer.json()["status"] != status:
                found[f"{each}, {name}"] = answer.text
    assert found == {}
    assert len(inputs(api.settings)) == before


def test_a_body_that_never_ends_is_not_read_to_its_end(admin: httpx.Client) -> None:
    taken = 0

    def endless() -> Iterator[bytes]:
        nonlocal taken
        while True:
            taken += 65_536
            yield b" " * 65_536

    with suppress(httpx.TransportError):
        # Often the client hears no answer: it sends until the connection is closed.
        answer = admin.post("/api/knowledge", content=endless(), headers=JSON)
        assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert MAX_INPUT_BYTES < taken < 64 * MAX_INPUT_BYTES


def test_a_body_that_does_not_say_how_long_it_is(admin: httpx.Client) -> None:
    for size, status in (
        (10, HTTPStatus.BAD_REQUEST),
        (MAX_INPUT_BYTES + 1, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    ):
        answer = admin.post("/api/knowledge", content=iter([b" " * size]), headers=JSON)
        assert answer.status_code == status


def test_what_would_be_too_large_as_an_event_is_refused(api: Served, admin: httpx.Client) -> None:
    """The largest body is less than the event that it becomes."""
    body = {"shop_id": OWN, "conversation_id": some(), "user_id": "ann", "channel": "web"}
    turns = [{"role": "user", "content": "x" * 31_000}] * 33
    room = MAX_INPUT_BYTES - len(orjson.dumps(body | {"messages": [*turns, {"role": "user", "content": ""}]}))
    whole = body | {"messages": [*turns, {"role": "user", "content": "x" * room}]}
    assert len(orjson.dumps(whole)) == MAX_INPUT_BYTES
    answer = admin.post("/api/conversations", content=orjson.dumps(whole), headers=JSON)
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE, answer.text
    smaller = body | {"messages": [*turns, {"role": "user", "content": "x" * (room - 1_000)}]}
    told = post(admin, "/api/conversations", smaller, prefer="wait=30").json()
    assert told["refused"] is None
    rows = fetched(
        api.settings, "SELECT length(transcript) AS n FROM conversation_memory WHERE shop_id = $1", OWN
    )
    assert max(row["n"] or 0 for row in rows) > 1_000_000
