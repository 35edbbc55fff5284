"""Reads partitions of a decision log from one place to another, and shows how far it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from aiokafka import ConsumerRecord, TopicPartition

from cli.replaying import bar
from runtime.settings import Settings
from streams.hearing import Tell, each_partition


async def messages(
    settings: Settings, words: str, starts: Mapping[TopicPartition, int]
) -> AsyncIterator[ConsumerRecord]:
    """All messages from these offsets to where the partitions end now, one partition after the other."""
    with bar(words) as progress:
        async for _, lots in each_partition(settings, starts, Tell(progress.begin, progress.tell)):
            async for lot in lots:
                for message in lot:
                    yield message
