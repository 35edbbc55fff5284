"""How clients of Kafka end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from runtime import kafka
from runtime.closing import Client, connected
from runtime.settings import Settings


@pytest.mark.parametrize("new", [kafka.admin, kafka.consumer, kafka.producer])
async def test_a_cancellation_that_meets_a_client_at_its_end_is_heard(
    settings: Settings, new: Callable[[Settings], Client]
) -> None:
    before, stops = asyncio.all_tasks(), asyncio.Event()

    async def use() -> None:
        async with connected(new(settings)):
            stops.set()
        await asyncio.Event().wait()

    user = asyncio.create_task(use())
    await stops.wait()
    user.cancel()
    await asyncio.wait({user}, timeout=10)
    assert user.cancelled()
    assert asyncio.all_tasks() == before, "the client has ended all the same"
