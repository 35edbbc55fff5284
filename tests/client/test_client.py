"""A service's client, as far as no broker is needed; with one: test_broker.py."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError
from pydantic import ValidationError

from relearn_client import Client, NotStarted
from tests.client.telling import NOBODY


async def test_a_broker_that_does_not_answer_is_said_and_nothing_left_open() -> None:
    before = asyncio.all_tasks()
    with pytest.raises(KafkaConnectionError):
        async with Client(NOBODY, "/shop-app"):
            pass
    assert asyncio.all_tasks() == before


async def test_a_client_is_used_while_it_is_connected() -> None:
    with pytest.raises(NotStarted):
        await Client(NOBODY, "/shop-app").call(shop=12, transcript="x")


async def test_what_is_no_event_is_said() -> None:
    with pytest.raises(ValidationError, match="feedback_type"):
        await Client(NOBODY, "/shop-app").feedback(shop=12, feedback_type="boo")
