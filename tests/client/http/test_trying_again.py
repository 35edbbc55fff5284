"""What may be over soon is tried again, no sooner than is asked for, no longer than patience lasts, and done once."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from relearn_client.http import Invalid, ServerFailed, TooManyRequests, Unavailable, Unreachable
from tests.client.http.conftest import Client
from tests.client.http.scripted import ACCEPTED, CUT, FOUND, SILENT, Answer, Scripted, problem

OK = Answer(202, ACCEPTED)
SOON = 8.0
"""Seconds: what ends in time, however much else the machine has to do."""


def keys(server: Scripted) -> list[str]:
    return [each.headers["idempotency-key"] for each in server.asked]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_passes_is_tried_again_with_the_same_key(client: Client, server: Scripted, status: int) -> None:
    server.tell(problem(status), problem(status), OK)
    client("propose", shop=7, content="We open at noon.")
    assert [each.json for each in server.asked] == [server.asked[0].json] * 3
    first = keys(server)
    assert len(set(first)) == 1
    client("propose", shop=7, content="We open at noon.")
    assert keys(server)[3] != first[0], "each call says something new"


def test_a_key_of_ones_own_is_kept(client: Client, server: Scripted) -> None:
    server.tell(problem(503), OK)
    client("propose", shop=7, content="We open at noon.", idempotency_key="mine")
    assert keys(server) == ["mine", "mine"]


def test_nobody_comes_again_before_retry_after(client: Client, server: Scripted) -> None:
    server.tell(problem(503, retry_after="1"), Answer(200, FOUND))
    began = time.monotonic()
    client("search", "when")
    assert 1 <= time.monotonic() - began < SOON


def test_who_would_have_to_wait_longer_than_patience_lasts_hears_it_at_once(
    new_client: Callable[..., Client], server: Scripted
) -> None:
    server.tell(problem(429, "more than 10 per minute", retry_after="60"))
    began = time.monotonic()
    with pytest.raises(TooManyRequests, match="more than 10 per minute") as failure:
        new_client(patience=30)("search", "when")
    assert time.monotonic() - began < SOON
    assert (failure.value.retry_after, len(server.asked)) == (60, 1)


def test_patience_ends(new_client: Callable[..., Client], server: Scripted) -> None:
    server.tell(problem(503, "the brokers are away"))
    began = time.monotonic()
    with pytest.raises(Unavailable, match="the brokers are away"):
        new_client(patience=0.5)("search", "when")
    assert time.monotonic() - began < SOON
    assert len(server.asked) > 2


def test_a_server_that_is_silent_is_no_answer(new_client: Callable[..., Client], server: Scripted) -> None:
    server.tell(SILENT)
    began = time.monotonic()
    with pytest.raises(Unreachable, match="no answer to POST /api/knowledge: ReadTimeout"):
        new_client(patience=0.5)("propose", shop=7, content="We open at noon.")
    assert 0.4 < time.monotonic() - began < SOON
    assert len(server.asked) == 1


def test_who_waits_for_an_effect_has_as_much_patience_more(
    new_client: Callable[..., Client], server: Scripted
) -> None:
    server.tell(SILENT)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        new_client(patience=0.1)("propose", shop=7, content="We open at noon.", wait=0.5)
    assert 0.5 < time.monotonic() - began < SOON


def test_nobody_there_is_no_answer(new_client: Callable[..., Client]) -> None:
    began = time.monotonic()
    with pytest.raises(Unreachable, match="no answer to GET /api/knowledge/search: ConnectError"):
        new_client(url="http://127.0.0.1:1", patience=0.5)("search", "when")
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("cut", [CUT, Answer(202, ACCEPTED, cut=True)], ids=["before", "amid"])
def test_a_cut_connection_is_tried_again_with_the_same_key(
    client: Client, server: Scripted, cut: Answer
) -> None:
    server.tell(cut, OK)
    client("propose", shop=7, content="We open at noon.")
    assert len(set(keys(server))) == 1
    assert len(server.asked) == 2


@pytest.mark.parametrize(("status", "kind"), [(422, Invalid), (500, ServerFailed)])
def test_what_stays_wrong_is_not(
    client: Client, server: Scripted, status: int, kind: type[Exception]
) -> None:
    server.tell(problem(status))
    with pytest.raises(kind):
        client("search", "when")
    assert len(server.asked) == 1


def test_a_key_that_ends_is_asked_for_anew(new_client: Callable[..., Client], server: Scripted) -> None:
    tokens = iter(["first", "second"])
    server.tell(problem(503), Answer(200, FOUND))
    new_client(lambda: next(tokens))("search", "when")
    assert [each.headers["authorization"] for each in server.asked] == ["Bearer first", "Bearer second"]
