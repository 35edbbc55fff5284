"""Adopting a policy reaches every partition, also those in which nothing has been decided yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest
from aiokafka import TopicPartition

from runtime.kafka import create_topics
from runtime.reading import end_of, read, reader
from runtime.settings import Settings
from schemas.policy import LearningPolicy
from schemas.record import Record
from schemas.topics import LEARNING, every_topic
from tests.cli.conftest import MODEL, adopted, write_log
from tests.cli.running import relearn

REVIEWS = LEARNING.inputs[1].name


@pytest.mark.parametrize("opened", [(), (2,)])
async def test_partitions_without_a_log_are_not_left_out(
    kafka_settings: Settings, tmp_path: Path, opened: tuple[int, ...]
) -> None:
    await create_topics(kafka_settings, every_topic())
    for partition in opened:
        await write_log(kafka_settings, partition, Record(0, 1, "p", (adopted(LearningPolicy()),)))
    settings = kafka_settings.model_copy(update={"embedding_model": "another" if opened else MODEL})
    file = tmp_path / "policy.toml"
    file.write_text("[two_pairs_of_eyes]\nurgent_corrections = true\n")
    done = await relearn("policy", "adopt", str(file), "--no-wait", env=settings.environment())
    assert done.exit_code == 0, done.output
    assert "for 4 partitions" in done.output
    said = [await _only(settings, partition) for partition in range(4)]
    assert [each["data"]["partition"] for each in said] == [0, 1, 2, 3]
    assert {each["data"]["embedding_model"] for each in said} == {MODEL}
    assert {each["data"]["policy"]["two_pairs_of_eyes"]["urgent_corrections"] for each in said} == {True}


async def _only(settings: Settings, partition: int) -> dict[str, Any]:
    """The event in this partition."""
    tp = TopicPartition(settings.topic(REVIEWS), partition)
    async with reader(settings, tp) as consumer:
        [lot] = [lot async for lot in read(consumer, tp, 0, await end_of(consumer, tp))]
    [message] = lot
    said: dict[str, Any] = orjson.loads(message.value)
    return said
