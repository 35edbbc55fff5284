"""What a compacted topic says: the newest of each key, at once, and from the beginning when it was made anew."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from runtime import kafka
from runtime.closing import connected
from runtime.compacted import Said, heard, said, say
from runtime.kafka import create_topics, delete_topics
from runtime.settings import Settings
from schemas.topics import KEYS, MAX_RECORD_BYTES

LARGE = 1_000_000
LARGEST_FETCH = MAX_RECORD_BYTES + kafka.ENVELOPE_BYTES
"""What a consumer gets of a partition in one answer of a broker."""


def values(found: Said) -> dict[bytes, bytes | None]:
    return {key: message.value for key, message in found.items()}


async def take_back(settings: Settings, key: bytes) -> None:
    async with connected(kafka.producer(settings)) as producer:
        await producer.send_and_wait(settings.topic(KEYS.name), None, key, partition=0)


async def until(saying: AsyncIterator[Said], expected: dict[bytes, bytes]) -> None:
    """Listens until this is what it says."""
    async with asyncio.timeout(30):
        async for found in saying:
            if values(found) == expected:
                return


async def test_the_newest_of_each_key_counts(kafka_settings: Settings) -> None:
    assert await said(kafka_settings, KEYS) == {}, "there is no topic yet"
    await create_topics(kafka_settings, [KEYS])
    assert await said(kafka_settings, KEYS) == {}
    for key, value in ((b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"c", b"4")):
        await say(kafka_settings, KEYS, key, value)
    await take_back(kafka_settings, b"b")
    found = await said(kafka_settings, KEYS)
    assert values(found) == {b"a": b"3", b"c": b"4"}
    assert found[b"a"].offset == 2


async def test_whoever_listens_hears_all_that_is_said(kafka_settings: Settings) -> None:
    async with aclosing(heard(kafka_settings, KEYS)) as saying:  # type: ignore[type-var]
        assert await anext(saying) == {}, "there is no topic yet"
        await create_topics(kafka_settings, [KEYS])
        await say(kafka_settings, KEYS, b"a", b"1")
        await until(saying, {b"a": b"1"})
        await say(kafka_settings, KEYS, b"b", b"2")
        await until(saying, {b"a": b"1", b"b": b"2"})
        await take_back(kafka_settings, b"a")
        await until(saying, {b"b": b"2"})


async def test_all_that_was_said_before_is_heard_at_once(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, [KEYS])
    told = {b"%d" % number: b"x" * LARGE for number in range(2 * LARGEST_FETCH // LARGE)}
    async with connected(kafka.producer(kafka_settings)) as producer:
        name = kafka_settings.topic(KEYS.name)
        for key, value in told.items():
            await producer.send_and_wait(name, value, key, partition=0)
    async with aclosing(heard(kafka_settings, KEYS)) as saying:  # type: ignore[type-var]
        assert values(await anext(saying)).keys() == told.keys()


async def test_a_topic_that_is_made_anew_is_read_anew(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, [KEYS])
    async with aclosing(heard(kafka_settings, KEYS)) as saying:  # type: ignore[type-var]
        for number in range(3):
            await say(kafka_settings, KEYS, b"%d" % number, b"before")
        await until(saying, {b"0": b"before", b"1": b"before", b"2": b"before"})
        await delete_topics(kafka_settings, [kafka_settings.topic(KEYS.name)])
        await create_topics(kafka_settings, [KEYS])
        await say(kafka_settings, KEYS, b"0", b"after")
        await until(saying, {b"0": b"after"})
