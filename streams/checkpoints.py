"""How far inputs are decided, from the end of each partition of a log; for `relearn status`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.settings import Settings
from schemas.record import Record, RecordCodec
from streams.domain import Domain
from streams.log import decode, end_of, read, reader

FIRST_LOOK = 100
"""Offsets; then ten times as many each time, as long as an input topic has not been found."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One partition of a log that has records."""

    partition: int
    seq: int
    """Of the last record."""
    decided_at: datetime
    enriched_offset: int
    """-1: nothing but the opening is there."""
    next_offsets: Mapping[str, int]
    """By input topic (without prefix): the first offset that is not decided. Without those never decided."""


async def read_checkpoints(settings: Settings, domain: Domain[Any]) -> list[Checkpoint]:
    """The checkpoints of all partitions that have a record, in order.

    The last record names one input topic only: the last one of each other is looked for further back, as far as
    it takes, unless the topic is empty.
    """
    codec = RecordCodec(domain.topics.types, domain.outcomes)
    async with reader(settings) as consumer:
        name = settings.topic(domain.topics.log.name)
        partitions = sorted(await _partitions(consumer, name))
        found = [await _checkpoint(consumer, settings, domain, codec, partition) for partition in partitions]
    return [each for each in found if each is not None]
