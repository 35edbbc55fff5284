"""What every answer has around it."""

from __future__ import annotations

import re
from http import HTTPStatus
from uuid import UUID

import httpx
import pytest

from api.surroundings import SAFE
from tests.api.asking import OWN, some
from tests.api.recorded import inputs, place_of
from tests.api.served import Served, served

KNOWLEDGE = {"shop_id": OWN, "content": "We open at noon."}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def some_answers(api: Served, admin: httpx.Client) -> dict[str, httpx.Response]:
    """One of every kind."""
    return {
        "accepted": admin.post("/api/knowledge", json=KNOWLEDGE),
        "refused": admin.post("/api/knowledge", json={}),
        "unreadable": admin.post("/api/knowledge", content=b"{"),
        "nobody": api.speaking(None).post("/api/knowledge", json=KNOWLEDGE),
        "nowhere": admin.get("/api/nowhere"),
        "outside": admin.get("/"),
        "not so": admin.request("PATCH", "/api/knowledge"),
        "a page": admin.get("/api/docs"),
        "a file": admin.get("/api/docs/assets/swagger-ui.css"),
        "no file": admin.get("/api/docs/assets/none.css"),
        "the document": admin.get("/api/openapi.json"),
    }


def test_every_answer_is_safe_and_has_an_id(api: Served, admin: httpx.Client) -> None:
    for name, answer in some_answers(api, admin).items():
        UUID(answer.headers["x-request-id"])
        for header, value in SAFE.items():
            if header != "content-security-policy":
                assert answer.headers[header] == value, (name, header)
        assert "default-src 'none'" in answer.headers["content-security-policy"], name
        assert "server" not in answer.headers


def test_what_fails_is_a_problem_document(api: Served, admin: httpx.Client) -> None:
    for name, answer in some_answers(api, admin).items():
        if answer.is_success:
            continue
        assert answer.headers["content-type"] == "application/problem+json", name
        told = answer.json()
        assert told["status"] == answer.status_code
        assert {"type", "title", "detail"} <= set(told)
    assert admin.request("PATCH", "/api/knowledge").headers["allow"] == "GET, POST"


def test_a_failure_of_our_own_is_one_too(
    api: Served, admin: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("a secret of ours")

    monkeypatch.setattr("api.routes.reporting.say", fails)
    answer = admin.post("/api/knowledge", json=KNOWLEDGE, headers={"x-request-id": "mine"})
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == "mine"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "secret" not in answer.text


@pytest.mark.parametrize("day", ["0", "0.5", "1764547200", "soon"])
def test_a_number_is_no_day(admin: httpx.Client, day: str) -> None:
    for path, name in (("/api/metrics/learning", "last_day"), ("/api/audit", "from_time")):
        answer = admin.get(path, params={name: day})
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, answer.text
        assert answer.json()["errors"] == [{"field": name, "reason": "must begin with a date: YYYY-MM-DD"}]


@pytest.mark.parametrize("given", ["mine", "a.b:c-1_2", "x" * 128])
def test_an_id_that_was_given_comes_back(admin: httpx.Client, given: str) -> None:
    answer = admin.post("/api/knowledge", json=KNOWLEDGE, headers={"x-request-id": given})
    assert answer.headers["x-request-id"] == given


@pytest.mark.parametrize("given", ["", "x" * 129, "a b", "<script>", "caf\u00e9"])
def test_an_id_that_could_harm_somebody_does_not(admin: httpx.Client, given: str) -> None:
    answer = admin.post("/api/knowledge", json=KNOWLEDGE, headers=[(b"x-request-id", given.encode())])  # type: ignore[arg-type]
    UUID(answer.headers["x-request-id"])


def test_the_documentation_needs_nobody_else(admin: httpx.Client) -> None:
    page = admin.get("/api/docs")
    assert page.headers["content-type"].startswith("text/html")
    named = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    assert len(named) == 4
    assert "//" not in page.text.replace("<!doctype", "")
    for path in named:
        assert path.startswith("/api/docs/")
        assert admin.get(path).status_code == HTTPStatus.OK, path
    script = admin.get("/api/docs/docs.js")
    assert "//" not in script.text
    [document] = re.findall(r'url: "([^"]+)"', script.text)
    told = admin.get(document).json()
    assert told["openapi"].startswith("3.1.")
    bundle = admin.get("/api/docs/assets/swagger-ui-bundle.js").text
    assert "openapi: 3.1.x" in bundle, "the page can show this version of the document"
    policy = page.headers["content-security-policy"]
    assert "http" not in policy
    assert "script-src 'self';" in policy


def test_a_trace_goes_on_into_the_topic(api: Served, admin: httpx.Client) -> None:
    begun = {"traceparent": TRACE, "tracestate": "vendor=1"}
    for headers, wait in ((begun, {}), (begun, {"prefer": "wait=30"})):
        answer = admin.post("/api/knowledge", json=KNOWLEDGE, headers=headers | wait)
        sent = inputs(api.settings)[place_of(answer.json()["position"])]
        assert dict(sent.headers) == {"traceparent": TRACE.encode(), "tracestate": b"vendor=1"}
    for rubbish in ({}, {"traceparent": "rubbish"}, {"tracestate": "vendor=1"}):
        answer = admin.post("/api/knowledge", json=KNOWLEDGE, headers=rubbish)
        assert not inputs(api.settings)[place_of(answer.json()["position"])].headers


def test_who_asks_too_often_is_told_when_to_come_again(api: Served) -> None:
    with served(api.settings, api_rate="3/minute") as slow:
        one, another = (slow.caller("service", OWN, name="the same") for _ in range(2))
        answers = [one.post("/api/knowledge", json=KNOWLEDGE) for _ in range(4)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        assert 1 <= int(answers[3].headers["retry-after"]) <= 60
        assert answers[3].json()["status"] == HTTPStatus.TOO_MANY_REQUESTS
        assert another.post("/api/knowledge", json=KNOWLEDGE).status_code == HTTPStatus.ACCEPTED
        assert one.get("/api/docs").status_code == HTTPStatus.OK


def test_requests_are_told_apart_by_what_they_say(admin: httpx.Client) -> None:
    """The same answer object may go to two requests; each has its own id."""
    headers = {"idempotency-key": some()}
    ids = [
        admin.post("/api/knowledge", json=KNOWLEDGE, headers=headers | {"x-request-id": id}).headers[
            "x-request-id"
        ]
        for id in ("one", "two", "one")
    ]
    assert ids == ["one", "two", "one"]
