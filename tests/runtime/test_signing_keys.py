"""The keys of an issuer: fetched when needed, no oftener, and trusted no longer than they should be."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from runtime.signing_keys import FRESH_SECONDS, LONGEST_SECONDS, PAUSE_SECONDS, KeyMissing, SigningKeys
from tests.clock import StoppedClock
from tests.runtime.issuer import LocalIssuer

NOT_SHOWN = "the token is signed with a key that the issuer does not show"
UNREACHABLE = "the token cannot be checked: the keys of the issuer cannot be fetched"


@pytest.fixture
async def issuer() -> AsyncIterator[LocalIssuer]:
    async with LocalIssuer() as serving:
        serving.add("one")
        yield serving


@pytest.fixture
def clock() -> StoppedClock:
    return StoppedClock(1_000)


@pytest.fixture
async def keys(issuer: LocalIssuer, clock: StoppedClock) -> AsyncIterator[SigningKeys]:
    async with httpx.AsyncClient(timeout=2) as client:
        yield SigningKeys(issuer.url, client, clock)


async def missing(keys: SigningKeys, kid: str) -> str:
    with pytest.raises(KeyMissing) as failure:
        await keys.find(kid)
    return str(failure.value)


async def test_keys_are_fetched_once(issuer: LocalIssuer, keys: SigningKeys, clock: StoppedClock) -> None:
    assert issuer.asked == 0
    found = await asyncio.gather(*(keys.find("one") for _ in range(50)))
    assert {key.key_id for key in found} == {"one"}
    assert found[0].algorithm_name == "ES256"
    clock.seconds += FRESH_SECONDS - 1
    await keys.find("one")
    assert issuer.asked == 1


async def test_a_new_key_is_looked_for(issuer: LocalIssuer, keys: SigningKeys, clock: StoppedClock) -> None:
    await keys.find("one")
    issuer.add("two")
    clock.seconds += PAUSE_SECONDS
    assert (await keys.find("two")).key_id == "two"
    assert issuer.asked == 2


async def test_keys_that_nobody_has_are_not_looked_for_at_every_token(
    issuer: LocalIssuer, keys: SigningKeys, clock: StoppedClock
) -> None:
    await keys.find("one")
    clock.seconds += PAUSE_SECONDS
    told = await asyncio.gather(*(missing(keys, f"made up {number}") for number in range(50)))
    assert set(told) == {NOT_SHOWN}
    assert issuer.asked == 2
    clock.seconds += PAUSE_SECONDS - 0.1
    issuer.add("two")
    assert await missing(keys, "two") == NOT_SHOWN
    clock.seconds += 0.1
    await keys.find("two")
    assert issuer.asked == 3


async def test_a_key_that_is_taken_back_is_trusted_no_longer(
    issuer: LocalIssuer, keys: SigningKeys, clock: StoppedClock
) -> None:
    issuer.add("two")
    await keys.find("one")
    del issuer.shown[0]
    clock.seconds += FRESH_SECONDS
    assert await missing(keys, "one") == NOT_SHOWN
    await keys.find("two")


async def test_known_keys_hold_for_a_while_when_the_issuer_is_down(
    issuer: LocalIssuer, keys: SigningKeys, clock: StoppedClock
) -> None:
    await keys.find("one")
    issuer.broken = True
    for _ in range(int(LONGEST_SECONDS / FRESH_SECONDS)):
        clock.seconds += FRESH_SECONDS
        await keys.find("one")
    clock.seconds += FRESH_SECONDS
    assert await missing(keys, "one") == UNREACHABLE
    issuer.broken = False
    assert await missing(keys, "one") == UNREACHABLE
    clock.seconds += FRESH_SECONDS
    await keys.find("one")


async def test_it_is_asked_again_soon_when_it_was_down_at_first(
    issuer: LocalIssuer, keys: SigningKeys, clock: StoppedClock
) -> None:
    issuer.broken = True
    assert await missing(keys, "one") == UNREACHABLE
    assert await missing(keys, "one") == UNREACHABLE
    assert issuer.asked == 1
    issuer.broken = False
    clock.seconds += PAUSE_SECONDS
    await keys.find("one")


async def test_nobody_waits_for_an_issuer_that_hangs_but_for_its_new_keys(
    issuer: LocalIssuer, keys: SigningKeys, clock: StoppedClock
) -> None:
    await keys.find("one")
    issuer.answering.clear()
    clock.seconds += PAUSE_SECONDS
    looking = asyncio.create_task(missing(keys, "two"))
    async with asyncio.timeout(1):
        await asyncio.sleep(0)
        clock.seconds += FRESH_SECONDS
        await keys.find("one")
    assert not looking.done()
    issuer.answering.set()
    assert await looking == NOT_SHOWN


async def test_whoever_stops_waiting_leaves_the_others_their_turn(
    issuer: LocalIssuer, keys: SigningKeys
) -> None:
    issuer.answering.clear()
    impatient, patient = (asyncio.create_task(keys.find("one")) for _ in range(2))
    await asyncio.sleep(0)
    impatient.cancel()
    issuer.answering.set()
    assert (await patient).key_id == "one"


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "http://127.0.0.1:1"},
        {"issuer": None},
        {"jwks_uri": None},
        {"jwks_uri": 7},
        {"jwks_uri": "http://elsewhere.example/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "http://[::1"},
        {"jwks_uri": "http://127.0.0.1:0/keys"},
    ],
    ids=str,
)
async def test_what_discovery_says_is_not_taken_for_granted(
    issuer: LocalIssuer, keys: SigningKeys, said: dict[str, object]
) -> None:
    issuer.discovered = said
    assert await missing(keys, "one") == UNREACHABLE
    assert issuer.asked == 0


async def test_keys_are_not_taken_from_where_somebody_may_change_them(
    issuer: LocalIssuer, keys: SigningKeys, clock: StoppedClock
) -> None:
    # This machine under a name that might be anybody's.
    issuer.discovered = {"jwks_uri": f"{issuer.url.replace('127.0.0.1', '0.0.0.0')}/keys"}
    assert await missing(keys, "one") == UNREACHABLE
    issuer.discovered = {}
    clock.seconds += PAUSE_SECONDS
    await keys.find("one")
    assert issuer.asked == 1


@pytest.mark.parametrize(
    "shown", [[], ["x"], [{}], {"one": 1}, [{"kty": "RSA", "kid": "one", "n": 7, "e": []}]]
)
async def test_a_key_set_without_keys(
    issuer: LocalIssuer, keys: SigningKeys, shown: list[dict[str, object]]
) -> None:
    issuer.shown = shown
    assert await missing(keys, "one") == UNREACHABLE


async def test_keys_for_something_else_are_none(
    issuer: LocalIssuer, keys: SigningKeys, clock: StoppedClock
) -> None:
    issuer.add("sealed", use="enc")
    issuer.add("for anything", use=None)
    issuer.shown.append({"kty": "oct", "kid": "shared", "alg": "HS256", "k": "c2VjcmV0"})
    issuer.shown.append({"kty": "none of ours", "kid": "strange"})
    await keys.find("one")
    await keys.find("for anything")
    for kid in ("sealed", "shared", "strange", ""):
        assert await missing(keys, kid) == NOT_SHOWN
