"""`relearn keys`, against a real broker."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from runtime.keys import KeyRing, every_key
from runtime.settings import Settings
from schemas.access import Key, hash_of, key_id_of
from tests.cli.running import relearn

LATER = "2126-11-22"


async def keys(settings: Settings, *words: str) -> Any:
    return await relearn("keys", *words, env=settings.environment())


async def told(settings: Settings, *words: str) -> Any:
    """What such a command prints as JSON."""
    done = await keys(settings, *words, "--json")
    assert done.exit_code == 0, done.stderr
    return orjson.loads(done.stdout)


async def only(settings: Settings) -> Key:
    """The one key that there is."""
    (key,) = (await every_key(settings)).values()
    return key


async def test_the_secret_is_printed_once_and_alone(kafka_settings: Settings) -> None:
    before = datetime.now(UTC)
    done = await keys(
        kafka_settings, "create", "--role", "reviewer", "--shop", "12", "--shop", "7", "--shop", "12"
    )
    assert done.exit_code == 0, done.stderr
    secret = done.stdout.removesuffix("\n")
    key = await only(kafka_settings)
    assert key_id_of(secret) == key.id
    assert key.hash == hash_of(secret)
    assert (key.name, key.role, key.shops) == ("reviewer", "reviewer", (7, 12))
    assert before <= key.created_at <= datetime.now(UTC)
    assert (key.expires_at, key.revoked_at) == (None, None)
    assert done.stderr == (
        f"{key.id}: reviewer, reviewer, shops 7, 12, until revoked. Its secret is not shown again.\n"
    )
    for words in (("list",), ("list", "--json"), ("revoke", str(key.id)), ("revoke", str(key.id), "--json")):
        said = await keys(kafka_settings, *words)
        assert said.exit_code == 0
        assert str(key.id) in said.stdout
        assert secret not in said.stdout + said.stderr
        assert key.hash not in said.stdout + said.stderr


async def test_keys_from_beginning_to_end(kafka_settings: Settings) -> None:
    assert await told(kafka_settings, "list") == []
    everywhere = await told(kafka_settings, "create", "--role", "admin", "--all-shops", "--name", "Ann Lee")
    passing = await told(kafka_settings, "create", "--role", "service", "--shop", "7", "--expires", LATER)
    assert everywhere.keys() == passing.keys()
    assert (everywhere["name"], everywhere["shops"], everywhere["state"]) == ("Ann Lee", None, "open")
    assert (passing["name"], passing["shops"]) == ("service", [7])
    secret = everywhere.pop("secret")
    assert key_id_of(secret) == UUID(everywhere["id"])
    del passing["secret"]
    assert await told(kafka_settings, "list") == [everywhere, passing]
    revoked = await told(kafka_settings, "revoke", everywhere["id"])
    assert revoked["state"] == "revoked"
    assert await told(kafka_settings, "revoke", everywhere["id"]) == revoked, "it stays as it is"
    assert await told(kafka_settings, "list") == [revoked, passing]
    assert revoked | {"revoked_at": None, "state": "open"} == everywhere
    shown = (await keys(kafka_settings, "list")).stdout
    since = datetime.fromisoformat(revoked["revoked_at"])
    assert shown.splitlines() == [
        f"{revoked['id']}  Ann Lee",
        f"  revoked admin, all shops, since {since:%Y-%m-%d %H:%M:%S} UTC",
        f"{passing['id']}  service",
        f"  open service, shop 7, until {LATER} 00:00:00 UTC",
    ]


@pytest.mark.parametrize(
    ("expires", "lasting"),
    [("90d", timedelta(days=90)), ("12h", timedelta(hours=12)), ("1d", timedelta(days=1))],
)
async def test_keys_for_a_while(kafka_settings: Settings, expires: str, lasting: timedelta) -> None:
    await told(kafka_settings, "create", "--role", "analyst", "--shop", "7", "--expires", expires)
    key = await only(kafka_settings)
    assert key.expires_at == key.created_at + lasting


@pytest.mark.parametrize(
    ("expires", "at"),
    [
        (LATER, datetime(2126, 11, 22, tzinfo=UTC)),
        (f"{LATER}T12:00", datetime(2126, 11, 22, 12, tzinfo=UTC)),
        (f"{LATER}T12:00+02:00", datetime(2126, 11, 22, 10, tzinfo=UTC)),
    ],
)
async def test_keys_until_a_day(kafka_settings: Settings, expires: str, at: datetime) -> None:
    done = await keys(kafka_settings, "create", "--role", "analyst", "--shop", "7", "--expires", expires)
    assert (await only(kafka_settings)).expires_at == at
    assert f"until {at:%Y-%m-%d %H:%M:%S} UTC" in done.stderr


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("create", "--role", "service"), "name either --shop, once for each, or --all-shops"),
        (("create", "--role", "service", "--shop", "7", "--all-shops"), "name either --shop"),
        (("create", "--role", "boss", "--shop", "7"), "'boss' is not one of"),
        (("create", "--shop", "7"), "Missing option '--role'"),
        (("create", "--role", "service", "--shop", "0"), "should be greater than or equal to 1"),
        (
            ("create", "--role", "service", "--shop", str(2**31)),
            "relearn: shops.0: Input should be less than",
        ),
        (
            ("create", "--role", "service", "--shop", "7", "--name", ""),
            "relearn: name: String should have at least",
        ),
        (
            ("create", "--role", "service", "--shop", "7", "--expires", "2020-01-01"),
            "2020-01-01 is over already",
        ),
        (("create", "--role", "service", "--shop", "7", "--expires", "soon"), "'soon' is no time: 90d, 12h"),
        (("create", "--role", "service", "--shop", "7", "--expires", "0d"), "'0d' is no time"),
        (("revoke", "7"), "should be a valid UUID"),
    ],
)
async def test_what_makes_no_key(kafka_settings: Settings, words: tuple[str, ...], why: str) -> None:
    done = await keys(kafka_settings, *words)
    assert done.exit_code != 0
    assert why in " ".join(done.stderr.split())
    assert done.stdout == ""
    assert await every_key(kafka_settings) == {}


async def test_a_key_that_does_not_exist_cannot_be_revoked(kafka_settings: Settings) -> None:
    nobody = uuid4()
    done = await keys(kafka_settings, "revoke", str(nobody))
    assert done.exit_code == 1
    assert done.stderr == f"relearn: there is no key {nobody}: `relearn keys list` names them\n"


async def test_the_secret_opens_until_the_key_is_revoked(kafka_settings: Settings) -> None:
    ring = KeyRing(kafka_settings)
    running = asyncio.create_task(ring.run())
    made = await told(kafka_settings, "create", "--role", "service", "--shop", "7")
    async with asyncio.timeout(30):
        while ring.find(made["secret"], datetime.now(UTC)) is None:
            await asyncio.sleep(0.01)
        await told(kafka_settings, "revoke", made["id"])
        while ring.find(made["secret"], datetime.now(UTC)) is not None:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
