"""Makes the enrichers of a domain repeat inputs: what deciders wait for when a run was broken."""

from __future__ import annotations

from collections.abc import Mapping

from aiokafka import TopicPartition
from aiokafka.structs import OffsetAndMetadata

from runtime import kafka
from runtime.closing import connected
from runtime.settings import Settings
from schemas.topics import DomainTopics
from streams.enrichment.inputs import InputReader, group_of
from streams.groups import busy


class EnrichersRunning(Exception):
    """The group has members, whose own commits would undo a rewind. The message says which group."""


async def rewind(
    settings: Settings,
    domain: DomainTopics,
    partition: int | None = None,
    *,
    offset: int = 0,
    decided: Mapping[tuple[str, int], int] | None = None,
) -> dict[tuple[str, int], int]:
    """Sets where enrichers go on, in this partition or in all, of every input topic.

    It never skips inputs: what is committed before `offset` stays. `decided`: the first offsets that are not
    decided, by topic and partition (without prefix), where there is no need to begin before them. Returns the
    new offsets in the same way.

    Raises:
        EnrichersRunning: if one is still a member of the group.
        ValueError: if there is no such partition.
    """
    count = settings.partitions_of(domain.log)
    if partition is not None and not 0 <= partition < count:
        raise ValueError(f"there is no partition {partition}: {domain.name} has {count}")
    group = group_of(settings, domain)
    if state := await busy(settings, group):
        raise EnrichersRunning(f"the group {group} is {state}: stop the enrichers first")
    partitions = range(count) if partition is None else (partition,)
    places = [(topic.name, each) for topic in domain.inputs for each in partitions]
    goals = {at: max(offset, (decided or {}).get(at, 0)) for at in places}
    reader = InputReader(settings, domain)
    await reader.start()
    try:
        goals = {at: min(goal, await reader.committed(*at)) for at, goal in goals.items()}
    finally:
        await reader.stop()
    await _commit(settings, group, goals)
    return goals


async def set_offsets(settings: Settings, domain: DomainTopics, goals: Mapping[tuple[str, int], int]) -> None:
    """Lets enrichers that have never run begin at these offsets of the inputs."""
    await _commit(settings, group_of(settings, domain), goals)


async def _commit(settings: Settings, group: str, goals: Mapping[tuple[str, int], int]) -> None:
    """The broker itself refuses this from outside while the group has members."""
    told = {
        TopicPartition(settings.topic(t), p): OffsetAndMetadata(goal, "") for (t, p), goal in goals.items()
    }
    async with connected(kafka.consumer(settings, group_id=group)) as client:
        client.assign(list(told))
        await client.commit(told)
