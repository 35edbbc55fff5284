"""What an answer says went wrong is an error that names the fields."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from relearn_client.http import (
    BadRequest,
    Fault,
    Forbidden,
    HttpClient,
    Invalid,
    NotFound,
    Passing,
    Problem,
    ServerFailed,
    TooLarge,
    Unauthorized,
    Unavailable,
    Unreadable,
)
from relearn_client.http.problems import seconds_of
from tests.client.http.conftest import KEY, Client
from tests.client.http.scripted import Answer, Scripted, problem

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, BadRequest),
        (401, Unauthorized),
        (403, Forbidden),
        (404, NotFound),
        (413, TooLarge),
        (422, Invalid),
        (500, ServerFailed),
        (501, ServerFailed),
        (418, Problem),
        (307, Problem),
    ],
)
def test_each_has_its_type(client: Client, server: Scripted, status: int, kind: type[Problem]) -> None:
    server.tell(problem(status, "so it is", x_request_id="r-1"))
    with pytest.raises(Problem) as failure:
        client("search", "when")
    assert type(failure.value) is kind
    assert not isinstance(failure.value, Passing)
    said = failure.value
    assert (said.status, said.title, said.detail, said.request_id) == (status, "A title", "so it is", "r-1")
    assert str(said) == f"{status} A title: so it is"


def test_fields_are_named(client: Client, server: Scripted) -> None:
    server.tell(problem(422, "rating: too large", ("rating", "too large"), ("shop_id", "is required")))
    with pytest.raises(Invalid) as failure:
        client("feedback", conversation_id="6f1f7a52-3f0b-4e6c-8d56-0d5b2f1c7a10", feedback_type="emoji")
    assert failure.value.errors == (Fault("rating", "too large"), Fault("shop_id", "is required"))


@pytest.mark.parametrize(
    "said",
    [b"<html>Bad gateway</html>", b"", {"errors": [7], "status": "none"}, b'{"title": ', [1]],
    ids=["page", "nothing", "otherwise", "half", "list"],
)
def test_whatever_else_answers_is_known_by_its_status(said: object, server: Scripted) -> None:
    server.tell(Answer(502, said, {"content-type": "application/problem+json"}))
    with (
        HttpClient(server.url, KEY, patience=0.1) as client,
        pytest.raises(Unavailable, match="502 Bad Gateway"),
    ):
        client.search("when")


@pytest.mark.parametrize(
    "said", [b"<html>", {}, {"items": []}, {"by_meaning": True, "items": [{"id": "7"}]}, [], b""]
)
def test_success_that_is_none_of_this_api_is_said(client: Client, server: Scripted, said: object) -> None:
    server.tell(Answer(200, said))
    with pytest.raises(Unreadable, match="GET /api/knowledge/search was answered otherwise"):
        client("search", "when")


@pytest.mark.parametrize("said", [b"<html>", {}, {"items": 7}, [], {"items": [7]}])
def test_so_is_a_list(client: Client, server: Scripted, said: object) -> None:
    server.tell(Answer(200, said))
    with pytest.raises(Unreadable, match="GET /api/queue was answered otherwise"):
        client("queue")


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 0),
        ("7", 7),
        (" 7 ", 7),
        ("Sun, 22 Nov 2026 12:00:30 GMT", 30),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("soon", 0),
        ("-7", 0),
        ("", 0),
    ],
)
def test_retry_after(said: str | None, seconds: float) -> None:
    assert seconds_of(said, NOON) == seconds


@pytest.mark.parametrize("key", ["relearn_é", "two\nlines", ""])
def test_a_key_that_is_none_is_not_quoted(key: str, server: Scripted) -> None:
    with HttpClient(server.url, key) as client, pytest.raises(ValueError, match="printable ASCII") as failure:
        client.search("when")
    assert not key or key not in str(failure.value)
    assert server.asked == []


@pytest.mark.parametrize(
    "url", ["relearn.example", "ftp://relearn.example", "http://", "http://x:y", "https://x/?a=b"]
)
def test_a_url_that_is_none_is_said(url: str) -> None:
    with pytest.raises(ValueError, match="url"):
        HttpClient(url, KEY)


@pytest.mark.parametrize("patience", [0, -1, float("nan")])
def test_patience_is_a_time(patience: float) -> None:
    with pytest.raises(ValueError, match="patience"):
        HttpClient("https://relearn.example", KEY, patience=patience)
