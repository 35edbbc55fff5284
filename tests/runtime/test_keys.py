"""Access keys on a real broker: found by their secrets, ended at once, and opened by nothing that is no key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from structlog.testing import capture_logs

from runtime import kafka, keys
from runtime.closing import connected
from runtime.kafka import create_topics
from runtime.keys import KeyRing, every_key, put_key
from runtime.settings import Settings
from schemas.access import Key, hash_of, secret_of
from schemas.topics import KEYS
from tests.clock import StoppedClock

NOW = StoppedClock(1_800_000_000).now()


def made(**others: Any) -> tuple[Key, str]:
    """A key and its secret."""
    key_id = uuid4()
    secret = secret_of(key_id, key_id.bytes * 2)
    told: dict[str, Any] = {
        "id": key_id,
        "name": "Ann Lee",
        "role": "reviewer",
        "shops": (7,),
        "hash": hash_of(secret),
        "created_at": NOW,
        "expires_at": None,
        "revoked_at": None,
    }
    return Key(**{**told, **others}), secret


@asynccontextmanager
async def following(settings: Settings) -> AsyncIterator[KeyRing]:
    """A ring that has been loaded and goes on."""
    ring = KeyRing(settings)
    running = asyncio.create_task(ring.run())
    async with asyncio.timeout(5):
        await ring.loaded()
    yield ring
    assert not running.done()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def until(holds: Callable[[], bool], seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not holds():
            await asyncio.sleep(0.01)


@pytest.fixture
async def settings(kafka_settings: Settings) -> Settings:
    await create_topics(kafka_settings, [KEYS])
    return kafka_settings


async def test_a_key_is_found_by_its_secret_alone(settings: Settings) -> None:
    (mine, secret), (other, others) = made(), made(shops=None)
    await put_key(settings, mine)
    await put_key(settings, other)
    assert await every_key(settings) == {mine.id: mine, other.id: other}
    async with following(settings) as ring:
        assert ring.find(secret, NOW) == mine
        assert ring.find(others, NOW) == other
        for wrong in (
            secret_of(mine.id, bytes(32)),
            secret_of(uuid4(), mine.id.bytes * 2),
            secret[:31] + others[31:],
            secret + " ",
            mine.hash,
            str(mine.id),
            "",
        ):
            assert ring.find(wrong, NOW) is None


async def test_how_long_it_takes_tells_nothing_of_a_hash(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, secret = made()
    await put_key(settings, key)
    compared, equal = list[tuple[str, str]](), keys.compare_digest
    async with following(settings) as ring:
        monkeypatch.setattr(keys, "compare_digest", lambda *two: compared.append(two) or equal(*two))
        assert ring.find(secret, NOW) == key
        wrong = secret_of(key.id, bytes(32))
        assert ring.find(wrong, NOW) is None
        assert compared == [(key.hash, key.hash), (hash_of(wrong), key.hash)]
        monkeypatch.setattr(keys, "compare_digest", lambda *_: False)
        assert ring.find(secret, NOW) is None, "nothing else compares"


async def test_keys_are_known_when_they_are_written_and_unknown_when_they_are_revoked(
    settings: Settings,
) -> None:
    key, secret = made()
    async with following(settings) as ring:
        assert ring.find(secret, NOW) is None
        await put_key(settings, key)
        await until(lambda: ring.find(secret, NOW) == key, 1)
        await put_key(settings, key.model_copy(update={"revoked_at": NOW}))
        await until(lambda: ring.find(secret, NOW) is None, 1)
    async with following(settings) as later:
        assert later.find(secret, NOW) is None
    assert (await every_key(settings))[key.id].revoked_at == NOW


async def test_nobody_gets_in_before_all_is_known(settings: Settings) -> None:
    (mine, secret), (other, revoked) = made(), made()
    for key in (mine, other, other.model_copy(update={"revoked_at": NOW})):
        await put_key(settings, key)
    ring = KeyRing(settings)
    assert ring.find(secret, NOW) is None
    running = asyncio.create_task(ring.run())
    async with asyncio.timeout(30):
        while ring.find(secret, NOW) is None:
            assert ring.find(revoked, NOW) is None
            await asyncio.sleep(0)
        await ring.loaded()
    assert ring.find(secret, NOW) == mine
    assert ring.find(revoked, NOW) is None
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_without_a_topic_there_are_no_keys_until_there_are(kafka_settings: Settings) -> None:
    assert await every_key(kafka_settings) == {}
    key, secret = made()
    async with following(kafka_settings) as ring:
        assert ring.find(secret, NOW) is None
        await create_topics(kafka_settings, [KEYS])
        await put_key(kafka_settings, key)
        await until(lambda: ring.find(secret, NOW) == key)


async def test_a_key_opens_nothing_from_when_it_expires(settings: Settings) -> None:
    clock = StoppedClock(NOW.timestamp())
    key, secret = made(expires_at=NOW + timedelta(days=90))
    await put_key(settings, key)
    async with following(settings) as ring:
        clock.seconds += timedelta(days=90).total_seconds() - 0.001
        assert ring.find(secret, clock.now()) == key
        clock.seconds += 0.001
        assert ring.find(secret, clock.now()) is None


def without(key: Key, field: str) -> bytes:
    return orjson.dumps({name: value for name, value in written(key).items() if name != field})


def written(key: Key) -> dict[str, Any]:
    told: dict[str, Any] = orjson.loads(key.model_dump_json())
    return told


@pytest.mark.parametrize(
    ("garbage", "why"),
    [
        (lambda _: b"\xff\xfe", "Invalid JSON"),
        (lambda _: b"", "Invalid JSON"),
        (lambda _: b"null", "Input should be an object"),
        (lambda _: b"[" * 10_000, "Invalid JSON"),
        (lambda key: without(key, "shops"), "'shops': Field required"),
        (lambda key: without(key, "expires_at"), "'expires_at': Field required"),
        (lambda key: without(key, "revoked_at"), "'revoked_at': Field required"),
        (lambda key: orjson.dumps({**written(key), "only": "\x1b[31m"}), "'only': Extra inputs"),
        (lambda key: orjson.dumps({**written(key), "\x1b[31m": 1}), r"'\x1b[31m': Extra inputs"),
        (lambda key: orjson.dumps({**written(key), "id": str(UUID(int=7))}), "under the id of another key"),
        (lambda _: None, None),
    ],
)
async def test_what_is_no_key_opens_nothing(
    settings: Settings, garbage: Callable[[Key], bytes | None], why: str | None
) -> None:
    (mine, secret), (other, others) = made(), made()
    await put_key(settings, mine)
    await put_key(settings, other)
    async with following(settings) as ring, connected(kafka.producer(settings)) as producer:
        assert ring.find(secret, NOW) == mine
        with capture_logs() as logged:
            name, key = settings.topic(KEYS.name), str(mine.id).encode()
            await producer.send_and_wait(name, garbage(mine), key, partition=0)
            await until(lambda: ring.find(secret, NOW) is None)
        assert ring.find(others, NOW) == other
        told = [(each["topic"], each["partition"], each["offset"]) for each in logged]
        assert told == ([] if why is None else [(name, 0, 2)])
        assert all(str(why) in each["reason"] for each in logged)
        assert secret not in str(logged)
        await put_key(settings, mine)
        await until(lambda: ring.find(secret, NOW) == mine)
    assert await every_key(settings) == {mine.id: mine, other.id: other}


async def test_a_key_under_a_strange_name_opens_nothing(settings: Settings) -> None:
    (mine, secret), (other, others) = made(), made()
    async with following(settings) as ring, connected(kafka.producer(settings)) as producer:
        name = settings.topic(KEYS.name)
        for key in (b"", b"\xff", str(other.id).encode(), str(mine.id).upper().encode(), mine.id.bytes):
            await producer.send_and_wait(name, mine.model_dump_json().encode(), key, partition=0)
        last, opened = made()
        await put_key(settings, last)
        await until(lambda: ring.find(opened, NOW) == last)
        assert ring.find(secret, NOW) is None
        assert ring.find(others, NOW) is None
        assert ring.find(secret_of(other.id, mine.id.bytes * 2), NOW) is None


def test_keys_say_when_they_were_made() -> None:
    assert made()[0].created_at == datetime.fromtimestamp(1_800_000_000, UTC)
