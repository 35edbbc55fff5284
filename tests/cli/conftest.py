"""The command in-process, and a log that a test writes itself, against real servers where a test asks for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import uuid4

from typer.testing import CliRunner

from cli.main import app
from runtime import kafka
from runtime.settings import Settings
from schemas.event import Event, EventData
from schemas.learning import OUTCOMES
from schemas.outcome import PolicyAdopted
from schemas.policy import LearningPolicy, content, policy_hash
from schemas.record import Record, RecordCodec
from schemas.topics import LEARNING

D = TypeVar("D", bound=EventData)

MODEL = "all-MiniLM-L6-v2"
CODEC = RecordCodec(LEARNING.types, OUTCOMES)


async def relearn(*words: str, env: Mapping[str, str], stdin: bytes | None = None) -> Any:
    """What one command gives; it runs in a thread, since it has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=dict(env), input=stdin)


def event(data: D, shop_id: int = 0) -> Event[D]:
    """An event of now."""
    return Event(uuid4(), "/tests", datetime.now(UTC), shop_id, None, data)


def adopted(policy: LearningPolicy) -> PolicyAdopted:
    """That this policy is in force."""
    return PolicyAdopted(
        policy=content(policy), policy_hash=policy_hash(policy), embedding_model=MODEL, partitions=4
    )


async def write_log(
    settings: Settings, partition: int, *records: Record, together: bool = False
) -> list[int]:
    """Writes these records as a decider does, in a transaction each or in one; returns their offsets."""
    topic, offsets = settings.topic(LEARNING.log.name), list[int]()
    async with kafka.producer(settings, transactional_id=f"{settings.topic_prefix}{uuid4()}") as producer:
        for lot in [records] if together else [(record,) for record in records]:
            async with producer.transaction():
                for record in lot:
                    done = await producer.send_and_wait(topic, CODEC.encode(record), partition=partition)
                    offsets.append(done.offset)
    return offsets
