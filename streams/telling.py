"""Tells the broker how partitions are doing, so that `relearn status` knows it without knowing any process.

It stands beside the offsets of the deciders' group. These position nothing, but tools that watch lags read them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson
import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from runtime.clock import Clock
from runtime.settings import Settings
from schemas.generation import deciders_of
from schemas.topics import DomainTopics

LOOK_SECONDS = 1.0
RETELL_SECONDS = 30.0
"""All is told again after this time: offsets have moved on, and another decider may have spoken in between."""
MOST_REASON = 900
"""Characters; brokers take 4,096 bytes beside an offset unless told otherwise."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Told:
    """How a partition is doing, and from which enriched message it goes on."""

    state: str
    reason: str
    next_offset: int


@dataclass(frozen=True, slots=True)
class Heard:
    """What a decider told of a partition, and since when it is so."""

    state: str
    reason: str
    since: datetime


def group_of(settings: Settings, domain: DomainTopics) -> str:
    """The consumer group of a domain's deciders."""
    return settings.topic(deciders_of(domain.name))


def metadata(told: Told, since: datetime) -> str:
    """What stands beside the offset."""
    reason = told.reason if len(told.reason) <= MOST_REASON else told.reason[: MOST_REASON - 1] + "…"
    return orjson.dumps({"state": told.state, "reason": reason, "since": since.isoformat()}).decode()


def heard(metadata: str) -> Heard | None:
    """What `metadata` made; None for what something else has written there."""
    try:
        said = orjson.loads(metadata)
        return Heard(str(said["state"]), str(said["reason"]), datetime.fromisoformat(said["since"]))
    except (ValueError, KeyError, TypeError):
        return None


class Teller:
    """Tells how partitions are doing when that has changed, and now and then."""

    def __init__(
        self, consumer: AIOKafkaConsumer, status: Callable[[], Mapping[TopicPartition, Told]], clock: Clock
    ) -> None:
        """`consumer`: the group's member, which the broker lets speak of its own partitions alone."""
        self._consumer, self._status, self._clock = consumer, status, clock
        self._since: dict[TopicPartition, tuple[str, str, datetime]] = {}
        self._told_at = clock.monotonic()

    async def run(self) -> None:
        """Tells until cancelled. What cannot be told now is told later."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self._tell()
            except KafkaError as error:
                log.info("status not told", reason=repr(error))

    async def _tell(self) -> None:
        now, at = self._clock.now(), self._clock.monotonic()
        assigned = self._consumer.assignment()
        found = {tp: told for tp, told in self._status().items() if tp in assigned}
        since = {tp: self._changed(tp, told, now) for tp, told in found.items()}
        if since != self._since or at - self._told_at > RETELL_SECONDS:
            offsets = {
                tp: OffsetAndMetadata(told.next_offset, metadata(told, since[tp][2]))
                for tp, told in found.items()
            }
            await self._consumer.commit(offsets)
            self._since, self._told_at = since, at

    def _changed(self, tp: TopicPartition, told: Told, now: datetime) -> tuple[str, str, datetime]:
        """How it is doing, and since when."""
        before = self._since.get(tp)
        if before is not None and before[:2] == (told.state, told.reason):
            return before
        return told.state, told.reason, now
