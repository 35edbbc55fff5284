"""How far every part has come: what `relearn status` shows, and what it waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import stamina
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import OffsetAndMetadata

from cli.decider import DECIDERS
from cli.failure import Failed
from cli.tables import Pool, opened
from cli.tail import first_from
from projections.domains import PROJECTIONS
from projections.positions import Positions, Shown
from runtime import kafka
from runtime.closing import connected
from runtime.reading import read, reader
from runtime.settings import Settings
from schemas.topics import DEAD_LETTERS, DOMAINS, DomainTopics, Topic, every_topic
from streams import telling
from streams.checkpoints import Checkpoint, read_checkpoints
from streams.enrichment.inputs import group_of
from streams.telling import Heard

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 2.0
"""Seconds between two looks: the longer it takes, the less often, for a look takes work from those who do it."""

Ends = Mapping[tuple[str, int], int]
"""Where each partition of a topic (without prefix) ends."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Everything about one domain at one moment."""

    domain: str
    ends: Ends
    acknowledged: Ends
    """How far the enrichers' group has acknowledged the inputs; it does so every few seconds."""
    checkpoints: Mapping[int, Checkpoint]
    heard: Mapping[int, Heard]
    """What deciders last told of their partitions."""
    shown: Mapping[int, Shown]
    is_outdated: bool
    """Whether the tables are of an older version of the projection than this release's."""


class Observer:
    """Looks at one domain through clients that its owner keeps."""

    def __init__(
        self,
        settings: Settings,
        domain: str,
        counts: Mapping[str, int],
        consumer: AIOKafkaConsumer,
        admin: AIOKafkaAdminClient,
        pool: Pool,
    ) -> None:
        """`counts`: how many partitions each topic has at the broker."""
        self._settings = settings
        self._counts = counts
        self._consumer = consumer
        self._admin = admin
        self._pool = pool
        self.topics: DomainTopics = DOMAINS[domain]
        self._domain = DECIDERS[domain][0]()
        self._projection = PROJECTIONS[domain]
        self._positions = Positions(domain, self._projection.log)

    async def look(self) -> Standing:
        """How everything stands now."""
        # What follows is asked first, so that nobody seems to be ahead of what it reads.
        shown, checkpoints = await self._shown(), await self._checkpoints()
        acknowledged, heard = await self._acknowledged(), await self._heard()
        ends = dict(sorted((await self.ends(*self.topics)).items()))
        is_outdated = await self._positions.version(self._pool) < self._projection.version
        return Standing(self.topics.name, ends, acknowledged, checkpoints, heard, shown, is_outdated)

    async def until_caught_up(self) -> None:
        """Returns when all that stood in the inputs when this was asked is decided, and all that is decided shown.

        An input partition is decided when the log's checkpoint has reached the end that it had (what is left may be
        no message but the marks of a transaction); a partition of the log is shown when the projection's position
        has passed the last record.
        """
        wanted = await self.ends(*self.topics.inputs)
        pause = SHORTEST_PAUSE
        while not await self._is_caught_up(wanted):
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)

    async def ends(self, *topics: Topic) -> Ends:
        """Where each partition of these topics ends for readers of what is committed."""
        names = {self._settings.topic(topic.name): topic.name for topic in topics}
        found = await self._consumer.end_offsets([tp for name in names for tp in self._partitions(name)])
        return {(names[tp.topic], tp.partition): end for tp, end in found.items()}

    async def dead_letters(self) -> int:
        """How many dead letters there are, of all domains."""
        count = 0
        for tp in self._partitions(self._settings.topic(DEAD_LETTERS.name)):
            begin = (await self._consumer.beginning_offsets([tp]))[tp]
            end = (await self._consumer.end_offsets([tp]))[tp]
            async for lot in read(self._consumer, tp, begin, end):
                count += len(lot)
        return count

    def _partitions(self, name: str) -> list[TopicPartition]:
        return [TopicPartition(name, number) for number in range(self._counts[name])]

    async def _acknowledged(self) -> Ends:
        names = {self._settings.topic(topic.name): topic.name for topic in self.topics.inputs}
        found = await self._group_offsets(group_of(self._settings, self.topics))
        return {
            (names[tp.topic], tp.partition): at.offset
            for tp, at in found.items()
            if tp.topic in names and at.offset >= 0
        }

    async def _heard(self) -> Mapping[int, Heard]:
        found = await self._group_offsets(telling.group_of(self._settings, self.topics))
        told = {tp.partition: telling.heard(at.metadata) for tp, at in found.items()}
        return {number: each for number, each in told.items() if each is not None}

    @stamina.retry(on=GroupCoordinatorNotAvailableError, attempts=20, timeout=10.0, wait_initial=0.1)
    async def _group_offsets(self, group: str) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """A broker that never had a group needs a moment for the first one."""
        found: Mapping[TopicPartition, OffsetAndMetadata]
        found = await self._admin.list_consumer_group_offsets(group)
        return found

    async def _checkpoints(self) -> Mapping[int, Checkpoint]:
        return {each.partition: each for each in await read_checkpoints(self._settings, self._domain)}

    async def _shown(self) -> Mapping[int, Shown]:
        log = self.topics.log.name
        return {each.partition: each for each in await self._positions.all(self._pool) if each.topic == log}

    async def _is_caught_up(self, wanted: Ends) -> bool:
        checkpoints, shown = await self._checkpoints(), await self._shown()
        if any(number not in shown or shown[number].seq <= each.seq for number, each in checkpoints.items()):
            return False
        for (topic, number), end in wanted.items():
            decided = checkpoints[number].next_offsets.get(topic, 0) if number in checkpoints else 0
            if decided < end and await self._is_anything(topic, number, decided, end):
                return False
        return True

    async def _is_anything(self, topic: str, partition: int, start: int, end: int) -> bool:
        tp = TopicPartition(self._settings.topic(topic), partition)
        return await first_from(self._consumer, tp, start, end) is not None


@asynccontextmanager
async def observers(settings: Settings) -> AsyncIterator[list[Observer]]:
    """One observer for each domain, with their clients, for as long as the block lasts."""
    async with AsyncExitStack() as stack:
        admin = await stack.enter_async_context(connected(kafka.admin(settings)))
        counts = await _partition_counts(settings, admin)
        tps = [TopicPartition(name, number) for name, count in counts.items() for number in range(count)]
        found = []
        for domain in settings.domains:
            # Each has its own: a reader reads one partition at a time, and they look side by side.
            consumer = await stack.enter_async_context(reader(settings, *tps))
            pool = await stack.enter_async_context(opened(settings, domain))
            found.append(Observer(settings, domain, counts, consumer, admin, pool))
        yield found


async def _partition_counts(settings: Settings, admin: AIOKafkaAdminClient) -> Mapping[str, int]:
    described = await admin.describe_topics([settings.topic(topic.name) for topic in every_topic()])
    if missing := [each["topic"] for each in described if each["error_code"]]:
        raise Failed(f"topic {missing[0]} does not exist: run `relearn topics create`")
    return {each["topic"]: len(each["partitions"]) for each in described}


def rows(standing: Standing, now: datetime) -> list[dict[str, Any]]:
    """One row for each part and each partition that it reads: how far, of how much, how many behind, how old."""
    return [*_enricher(standing), *_decider(standing, now), *_projection(standing, now)]


def _enricher(standing: Standing) -> list[dict[str, Any]]:
    acknowledged = standing.acknowledged
    return [
        _row("enricher", topic, number, acknowledged.get((topic, number), 0), end)
        for (topic, number), end in standing.ends.items()
        if topic in {each.name for each in DOMAINS[standing.domain].inputs}
    ]


def _decider(standing: Standing, now: datetime) -> list[dict[str, Any]]:
    enriched = DOMAINS[standing.domain].enriched.name
    found = []
    for (topic, number), end in standing.ends.items():
        if topic == enriched:
            checkpoint = standing.checkpoints.get(number)
            at = checkpoint.enriched_offset + 1 if checkpoint else 0
            row = _row("decider", topic, number, at, end, checkpoint.decided_at if checkpoint else None, now)
            found.append(row | _troubles(standing.heard.get(number)))
    return found


def _troubles(heard: Heard | None) -> dict[str, Any]:
    """What keeps a decider from its work: nothing, unless it has told so."""
    if heard is None or heard.state == "live" or not heard.reason:
        return {}
    return {"state": heard.state, "reason": heard.reason, "since": heard.since}


def _projection(standing: Standing, now: datetime) -> list[dict[str, Any]]:
    """Offsets of a log have gaps: what is behind is counted in records."""
    log = DOMAINS[standing.domain].log.name
    found = []
    for number in sorted(each for topic, each in standing.ends if topic == log):
        checkpoint, shown = standing.checkpoints.get(number), standing.shown.get(number)
        records, done = checkpoint.seq + 1 if checkpoint else 0, shown.seq if shown else 0
        row = _row("projection", log, number, done, records, shown.decided_at if shown else None, now)
        found.append(row | ({"stopped": shown.stopped_reason} if shown and shown.stopped_reason else {}))
    return found


def _row(
    part: str,
    topic: str,
    partition: int,
    at: int,
    end: int,
    latest: datetime | None = None,
    now: datetime | None = None,
) -> dict[str, Any]:
    age = round((now - latest).total_seconds(), 3) if latest and now else None
    return {
        "part": part,
        "topic": topic,
        "partition": partition,
        "at": at,
        "end": end,
        "lag": max(0, end - at),
        "age_seconds": age,
    }
