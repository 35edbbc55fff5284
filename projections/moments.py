"""Where a log had come at a moment: decision times only ascend within a partition."""

from __future__ import annotations

from datetime import datetime

from aiokafka import AIOKafkaConsumer, TopicPartition

from projections.building import ends_of
from projections.failures import LogRefused
from projections.loading import Ends
from projections.projection import Projection
from runtime.reading import decode, read, reader
from runtime.settings import Settings


async def ends_at(settings: Settings, projection: Projection, moment: datetime) -> Ends:
    """The ends before which everything was decided at this moment or earlier."""
    ends = await ends_of(settings, projection)
    tps = [TopicPartition(settings.topic(projection.log), number) for number in ends]
    ms = int(moment.timestamp() * 1000)
    async with reader(settings, *tps) as consumer:
        # A record is appended when it is decided or later: all before this place was decided by then.
        appended = await consumer.offsets_for_times(dict.fromkeys(tps, ms))
        return {
            tp.partition: await _first_after(consumer, tp, later.offset, ends[tp.partition], ms, projection)
            if (later := appended[tp])
            else ends[tp.partition]
            for tp in tps
        }


async def _first_after(
    consumer: AIOKafkaConsumer, tp: TopicPartition, start: int, end: int, ms: int, projection: Projection
) -> int:
    """The first offset between these at which a record stands that was decided later; `end` if none does."""
    async for lot in read(consumer, tp, start, end):
        for message in lot:
            if decode(projection.codec, message).at > ms:
                return int(message.offset)
    return end


async def decided_at(settings: Settings, projection: Projection, partition: int, offset: int) -> datetime:
    """When the record at this place was decided.

    Raises:
        LogRefused: if none stands there.
    """
    where = f"{projection.log}[{partition}]"
    end = (await ends_of(settings, projection)).get(partition)
    if end is None:
        raise LogRefused(f"there is no {where}")
    tp = TopicPartition(settings.topic(projection.log), partition)
    async with reader(settings, tp) as consumer:
        async for lot in read(consumer, tp, offset, min(offset + 1, end)):
            return decode(projection.codec, lot[0]).decided_at
    raise LogRefused(f"no record stands at {offset} in {where}, which ends at {end}")
