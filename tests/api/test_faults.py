"""The brokers go, the database goes: callers hear of it at once, and what was accepted is there."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson
import pytest

from projections.visible import Visible
from tests.api.asking import OWN, ask, some
from tests.api.operations import everything
from tests.api.recorded import inputs, place_of
from tests.api.served import Served, served, until
from tests.faults.house import House, again, kill

SOON = 2.0
"""Seconds within which a caller hears that something is away."""

BACK_SECONDS = 30.0
AT_ONCE = 8
RATING = {"shop_id": OWN, "thumbs": "up"}
KNOWLEDGE = {"shop_id": OWN, "content": "We open at noon."}


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """Servers that may be killed. No part runs."""
    with tempfile.TemporaryDirectory(prefix="relearn-", ignore_cleanup_errors=True) as name:
        house = House(Path(name))
        try:
            asyncio.run(house.start())
            yield house
        finally:
            asyncio.run(house.stop())


@pytest.fixture(scope="module")
def alone(house: House) -> Iterator[Served]:
    """The API before them."""
    with served(house.settings) as api:
        yield api


@pytest.fixture(scope="module")
def caller(alone: Served) -> httpx.Client:
    return alone.caller("admin")


def rate(caller: httpx.Client, **said: Any) -> httpx.Response:
    return caller.post("/api/feedback/rating", json=RATING | {"conversation_id": some(), **said})


def assert_away(answer: httpx.Response, seconds: float) -> None:
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["content-type"] == "application/problem+json"
    assert seconds < SOON


def test_without_the_database_writes_go_on_and_reads_say_so(
    house: House, alone: Served, caller: httpx.Client
) -> None:
    assert rate(caller).status_code == HTTPStatus.ACCEPTED
    asyncio.run(kill(house.postgres))
    began = time.monotonic()
    assert_away(rate(caller), time.monotonic() - began)
    for operation in everything(caller):
        if operation.method == "GET":
            status, text = ask(caller, operation)
            assert status == HTTPStatus.SERVICE_UNAVAILABLE, (str(operation), text)
    whole = rate(caller, question="When?", response="At noon.")
    assert whole.status_code == HTTPStatus.ACCEPTED
    waited = caller.post("/api/knowledge", json=KNOWLEDGE, headers={"prefer": "wait=1"})
    assert waited.status_code == HTTPStatus.ACCEPTED
    sent = inputs(alone.settings)
    assert {place_of(each.json()["position"]) for each in (whole, waited)} <= set(sent)
    asyncio.run(again(house.postgres))
    until(lambda: rate(caller).status_code == HTTPStatus.ACCEPTED, BACK_SECONDS)


GOES = (
    asyncpg.CannotConnectNowError("the database system is shutting down"),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("cannot switch to state 15; another operation (2) is in progress"),
)
"""What is raised while the database goes."""


@pytest.mark.parametrize("error", GOES, ids=lambda error: type(error).__name__)
def test_what_is_durable_is_never_denied(
    admin: httpx.Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The database goes just when the tables would have been looked at."""

    async def goes(*_: object) -> None:
        raise error

    monkeypatch.setattr(Visible, "until", goes)
    answer = admin.post("/api/knowledge", json=KNOWLEDGE, headers={"prefer": "wait=30"})
    assert answer.status_code == HTTPStatus.ACCEPTED, answer.text


@pytest.mark.parametrize("error", GOES, ids=lambda error: type(error).__name__)
def test_who_reads_while_the_database_goes_may_come_again(
    admin: httpx.Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def goes(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("projections.learning.queries.LearningQueries.queue", goes)
    answer = admin.get("/api/queue")
    assert (answer.status_code, answer.headers["retry-after"]) == (HTTPStatus.SERVICE_UNAVAILABLE, "2")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_without_brokers_writes_say_so_at_once_and_go_on_when_they_are_back(
    house: House, alone: Served, caller: httpx.Client, how: signal.Signals
) -> None:
    pid = house.kafka.pid
    assert pid is not None
    before = caller.post("/api/knowledge", json=KNOWLEDGE)
    assert before.status_code == HTTPStatus.ACCEPTED, before.text
    if how is signal.SIGKILL:
        asyncio.run(kill(house.kafka))
    else:
        os.kill(pid, how)
    keys = [some() for _ in range(AT_ONCE)]

    def send(key: str) -> tuple[float, httpx.Response]:
        began, headers = time.monotonic(), {"idempotency-key": key, "prefer": "wait=1"}
        answer = caller.post("/api/knowledge", json=KNOWLEDGE, headers=headers)
        return time.monotonic() - began, answer

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for seconds, answer in pool.map(send, keys):
            assert_away(answer, seconds)
    assert rate(caller).status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert alone.speaking("nobody").post("/api/knowledge").status_code == HTTPStatus.UNAUTHORIZED
    if how is signal.SIGKILL:
        asyncio.run(house.kafka.start())
    else:
        os.kill(pid, signal.SIGCONT)
    until(lambda: caller.post("/api/knowledge", json=KNOWLEDGE).is_success, BACK_SECONDS)
    again = [send(key)[1] for key in keys]
    assert {answer.status_code for answer in again} == {HTTPStatus.ACCEPTED}
    sent = inputs(alone.settings)
    for answer in (before, *again):
        told = answer.json()
        assert orjson.loads(sent[place_of(told["position"])].value)["id"] == told["event_id"]
