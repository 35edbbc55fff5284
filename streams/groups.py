"""Whether anybody is a member of a consumer group."""

from __future__ import annotations

import asyncio

import stamina
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from runtime import kafka
from runtime.closing import connected
from runtime.settings import Settings

IDLE = ("Empty", "Dead")
"""The states of a group that has no members."""
CHANGING = ("PreparingRebalance", "CompletingRebalance")
ANSWER_SECONDS = 30.0
CHANGING_SECONDS = 30.0
"""Longer than it takes until a member that was killed counts no more."""

PAUSE_SECONDS = 0.2


async def busy(settings: Settings, group: str) -> str:
    """The state of a group that has members; empty if it has none.

    One that is changing may just have lost its last member, or be about to forget one that was killed: that is
    waited for.

    Raises:
        KafkaError: if the brokers do not answer in time.
    """
    deadline = asyncio.get_running_loop().time() + CHANGING_SECONDS
    async with connected(kafka.admin(settings)) as client:
        while (state := await _state(client, group)) in CHANGING:
            if asyncio.get_running_loop().time() > deadline:
                break
            await asyncio.sleep(PAUSE_SECONDS)
    return "" if state in IDLE else state


async def _state(client: AIOKafkaAdminClient, group: str) -> str:
    async for attempt in stamina.retry_context(on=is_passing, attempts=None, timeout=ANSWER_SECONDS):
        with attempt:
            answers = await client.describe_consumer_groups([group])
    states = [str(described[2]) for answer in answers for described in answer.groups]
    return next((state for state in states if state not in IDLE), IDLE[0])


def is_passing(error: Exception) -> bool:
    """Whether a broker's answer may be another in a moment, as when a group is used for the first time."""
    return isinstance(error, KafkaError) and bool(error.retriable)
