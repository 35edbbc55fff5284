"""Whether anybody is a member of a consumer group."""

from __future__ import annotations

import stamina
from aiokafka.errors import KafkaError

from runtime import kafka
from runtime.closing import connected
from runtime.settings import Settings

IDLE = ("Empty", "Dead")
"""The states of a group that has no members."""
ANSWER_SECONDS = 30.0


async def busy(settings: Settings, group: str) -> str:
    """The state of a group that has members; empty if it has none.

    Raises:
        KafkaError: if the brokers do not answer in time.
    """
    async with connected(kafka.admin(settings)) as client:
        async for attempt in stamina.retry_context(on=is_passing, attempts=None, timeout=ANSWER_SECONDS):
            with attempt:
                answers = await client.describe_consumer_groups([group])
    states = [str(described[2]) for answer in answers for described in answer.groups]
    return next((state for state in states if state not in IDLE), "")


def is_passing(error: Exception) -> bool:
    """Whether a broker's answer may be another in a moment, as when a group is used for the first time."""
    return isinstance(error, KafkaError) and bool(error.retriable)
