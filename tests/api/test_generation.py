"""Another generation takes over: writes have to come again, and then go where it is."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx
import orjson
import pytest

from runtime.kafka import close_topics
from runtime.registry import followed, register, registered
from schemas.topics import LEARNING
from tests.api.recorded import messages, place_of
from tests.api.served import served, until
from tests.cli.replayed import Replayed

KNOWLEDGE = {"shop_id": 101, "content": "We open at noon."}
TAKES_OVER = "not accepted: another generation takes over"


def propose(caller: httpx.Client) -> tuple[HTTPStatus, dict[str, Any]]:
    answer = caller.post("/api/knowledge", json=KNOWLEDGE)
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        assert int(answer.headers["retry-after"]) >= 1
    return HTTPStatus(answer.status_code), answer.json()


@pytest.mark.timeout(240)
async def test_writes_wait_outside_while_a_generation_takes_over(replayed: Replayed) -> None:
    settings = replayed.settings
    await replayed.told("generation", "create", "--partitions", "3")
    known = (await registered(settings))[LEARNING.name]
    with served(settings) as api:
        caller = api.caller("admin")
        await close_topics(settings, LEARNING.inputs)
        status, told = propose(caller)
        assert (status, told["detail"]) == (HTTPStatus.SERVICE_UNAVAILABLE, TAKES_OVER), "not heard of yet"
        await register(settings, known.model_copy(update={"phase": "closing", "next": 2}))
        until(lambda: api.writing.reason != "")
        status, told = propose(caller)
        assert (status, told["detail"]) == (HTTPStatus.SERVICE_UNAVAILABLE, TAKES_OVER)
        adopted = caller.post("/api/policy/adopt", json={"policy": {}})
        assert adopted.status_code == HTTPStatus.SERVICE_UNAVAILABLE
        await replayed.told("generation", "adopt", "2")
        until(lambda: api.writing.reason == "")
        assert await messages(settings) == {}, "nothing was taken in the meantime"
        status, told = propose(caller)
        assert status == HTTPStatus.ACCEPTED, told
        adopted = caller.post("/api/policy/adopt", json={"policy": {}})
        assert [each["position"]["partition"] for each in adopted.json()["events"]] == [0, 1, 2]
        [found] = [
            message
            for place, message in (await messages(await followed(settings))).items()
            if place == place_of(told["position"])
        ]
    assert found.topic.endswith("learning.events.2")
    assert orjson.loads(found.value)["id"] == told["event_id"]
