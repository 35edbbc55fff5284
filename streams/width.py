"""Whether a domain's topics still have the number of partitions that its log was opened with."""

from __future__ import annotations

from typing import Any

from runtime.settings import Settings
from schemas.topics import DEAD_LETTERS, DomainTopics
from streams.partition import Opening, PartitionRefused, PartitionState
from streams.writer import LogWriter


class PartitionsDiffer(PartitionRefused):
    """A topic has more or fewer than it should; the sentence says why that matters and what is left to do."""


ENRICHED_ANEW = (
    "Stop enrichers and deciders, delete this topic, let `relearn topics create` make it again, run "
    "`relearn log reconnect`, and start them again."
)
NEW_GENERATION = (
    "Kafka cannot take partitions away, so the domain needs a new generation. Nothing is lost: what is decided "
    "stays as it is, and what comes meanwhile waits in the inputs."
)


async def check_partitions(
    writer: LogWriter, settings: Settings, topics: DomainTopics, state: PartitionState[Any], opening: Opening
) -> None:
    """Compares with the log; before it has a record, with what it would be opened with.

    Raises:
        PartitionsDiffer: naming the first topic that differs.
    """
    fixed = state.partitions or opening.partitions
    for topic in (*topics, DEAD_LETTERS):
        found = await writer.partitions(topic.name)
        # Dead letters are shared by all domains, so there may be more.
        if found == fixed or (found > fixed and topic is DEAD_LETTERS):
            continue
        has = f"topic {settings.topic(topic.name)} has {found} partitions"
        if not state.seq:
            raise PartitionsDiffer(
                f"{has}, but RELEARN_PARTITIONS is {fixed} here. Nothing is decided yet: let it be the same number "
                f"for every part, and all topics of the domain have that number."
            )
        raise _differs(has, fixed, ENRICHED_ANEW if topic is topics.enriched else NEW_GENERATION)


async def check_partition(
    writer: LogWriter, settings: Settings, topics: DomainTopics, partition: int
) -> None:
    """Makes sure that the log has this partition, which the enriched topic has.

    Raises:
        PartitionsDiffer: if it was added to the enriched topic.
    """
    fixed = await writer.partitions(topics.log.name)
    if partition >= fixed:
        found = await writer.partitions(topics.enriched.name)
        name = settings.topic(topics.enriched.name)
        raise _differs(f"topic {name} has {found} partitions", fixed, ENRICHED_ANEW)


def _differs(has: str, fixed: int, what_to_do: str) -> PartitionsDiffer:
    return PartitionsDiffer(
        f"{has}, but its log was opened with {fixed}, for ever: with another number keys change their homes. "
        f"{what_to_do}"
    )
