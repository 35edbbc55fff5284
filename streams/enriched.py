"""Where a partition's enriched messages are to be read on, and whether they are the ones it knows."""

from __future__ import annotations

from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from runtime.reading import read
from schemas import enriched
from schemas.enriched import Coordinates
from streams.partition import PartitionRefused, PartitionState


class EnrichedRecreated(PartitionRefused):
    def __init__(self, tp: TopicPartition, checkpoint: int, what: str) -> None:
        super().__init__(
            f"enriched topic {tp.topic}[{tp.partition}] was recreated: the log has decided it up to offset "
            f"{checkpoint}, and {what}. What is not decided stands in the inputs: stop enrichers and deciders, run "
            f"`relearn log reconnect`, and start them again."
        )


class UnreadableMessage(PartitionRefused):
    def __init__(self, message: ConsumerRecord, reason: str) -> None:
        super().__init__(
            f"{message.topic}[{message.partition}] {message.offset} cannot be read by this version ({reason}). "
            f"Run deciders of the enrichers' version."
        )


async def start_offset(consumer: AIOKafkaConsumer, tp: TopicPartition, state: PartitionState[Any]) -> int:
    """The offset just after the checkpoint, or where the topic now begins if that is later.

    What the broker has deleted in between is no concern here: the inputs' own offsets tell whether any is missing.

    Raises:
        EnrichedRecreated: if this is not the topic that the log was decided from.
    """
    begins: int = (await consumer.beginning_offsets([tp]))[tp]
    ends: int = (await consumer.end_offsets([tp]))[tp]
    checkpoint = state.checkpoint
    if ends <= checkpoint:
        raise EnrichedRecreated(tp, checkpoint, f"it ends at {ends} now")
    if begins <= checkpoint:
        found = await input_at(consumer, tp, checkpoint)
        if found is not None and found != state.last_input:
            raise EnrichedRecreated(
                tp, checkpoint, f"{found.topic}[{found.partition}] {found.offset} stands there now"
            )
    return max(checkpoint + 1, begins)


async def input_at(consumer: AIOKafkaConsumer, tp: TopicPartition, offset: int) -> Coordinates | None:
    """Which input the message at this offset is about; None if there is no such message."""
    async for lot in read(consumer, tp, offset, offset + 1):
        return decode(lot[0])[0].input
    return None


def decode(message: ConsumerRecord) -> tuple[enriched.Input, dict[str, Any]]:
    """What an enricher wrote.

    Raises:
        UnreadableMessage: if this version cannot read it.
    """
    try:
        return enriched.decode(message.value)
    except ValueError as error:
        raise UnreadableMessage(message, str(error)) from error
