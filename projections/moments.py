"""Where a log had come at a moment: decision times only ascend within a partition."""

from __future__ import annotations

from datetime import datetime

from aiokafka import TopicPartition

from projections.building import Ends, ends_of
from projections.failures import LogRefused
from projections.projection import Projection
from runtime import kafka
from runtime.closing import connected
from runtime.settings import Settings
from schemas.record import Record

WAIT_MS = 100


async def ends_at(settings: Settings, projection: Projection, moment: datetime) -> Ends:
    """The ends before which everything was decided at this moment or earlier."""
    ends = await ends_of(settings, projection)
    topic, ms = settings.topic(projection.log), int(moment.timestamp() * 1000)
    async with connected(kafka.consumer(settings, auto_offset_reset="none")) as consumer:
        tps = [TopicPartition(topic, number) for number in ends]
        consumer.assign(tps)
        consumer.pause(*tps)
        # A record is appended when it is decided or later: all before this place was decided by then.
        appended = await consumer.offsets_for_times(dict.fromkeys(tps, ms))
        found = {}
        for tp in tps:
            end, later = ends[tp.partition], appended[tp]
            found[tp.partition] = end
            if later is None:
                continue
            consumer.seek(tp, later.offset)
            consumer.resume(tp)
            while await consumer.position(tp) < end:
                messages = (await consumer.getmany(tp, timeout_ms=WAIT_MS)).get(tp, [])
                after = (m.offset for m in messages if projection.codec.decode(m.value).at > ms)
                if (first := next(after, None)) is not None:
                    found[tp.partition] = min(first, end)
                    break
            consumer.pause(tp)
    return found


async def decided_at(settings: Settings, projection: Projection, partition: int, offset: int) -> datetime:
    """When the record at this place was decided.

    Raises:
        LogRefused: if none stands there.
    """
    where = f"{projection.log}[{partition}]"
    end = (await ends_of(settings, projection)).get(partition)
    if end is None:
        raise LogRefused(f"there is no {where}")
    async with connected(kafka.consumer(settings, auto_offset_reset="none")) as consumer:
        tp = TopicPartition(settings.topic(projection.log), partition)
        consumer.assign([tp])
        consumer.seek(tp, offset)
        while offset < end and await consumer.position(tp) <= offset:
            for message in (await consumer.getmany(tp, timeout_ms=WAIT_MS, max_records=1)).get(tp, []):
                if message.offset == offset:
                    record: Record = projection.codec.decode(message.value)
                    return record.decided_at
    raise LogRefused(f"no record stands at {offset} in {where}, which ends at {end}")
