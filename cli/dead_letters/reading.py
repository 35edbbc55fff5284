"""Reads partitions of a decision log from one place to another, and shows how far it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from aiokafka import ConsumerRecord, TopicPartition

from cli.replaying import bar
from runtime.settings import Settings
from streams.log import end_of, read, reader


async def messages(
    settings: Settings, words: str, starts: Mapping[TopicPartition, int]
) -> AsyncIterator[ConsumerRecord]:
    """All messages from these offsets to where the partitions end now, one partition after the other."""
    with bar(words) as progress:
        async with reader(settings, *starts) as consumer:
            ends = {tp: await end_of(consumer, tp) for tp in starts}
            progress.begin(sum(ends[tp] - start for tp, start in starts.items()))
            for tp, start in starts.items():
                done = start
                async for lot in read(consumer, tp, start, ends[tp]):
                    for message in lot:
                        yield message
                    progress.tell(lot[-1].offset + 1 - done)
                    done = lot[-1].offset + 1
