"""Tokens: who they are of, and all that lets nobody in, against a real issuer on this machine."""

from __future__ import annotations

import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from runtime.clock import SystemClock
from runtime.oidc import LEEWAY_SECONDS, Issuer, TokenRefused, is_token, trusted
from runtime.settings import Settings
from schemas.access import Caller, secret_of
from schemas.identity import identity_at
from tests.runtime.issuer import AUDIENCE, LocalIssuer

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")

LATER_SECONDS = 24 * 60 * 60
"""Longer than all tests together take."""


@pytest.fixture
async def local() -> AsyncIterator[LocalIssuer]:
    async with LocalIssuer() as serving:
        serving.add("one")
        yield serving


@pytest.fixture
async def issuer(local: LocalIssuer) -> AsyncIterator[Issuer]:
    async with trusted(settings(local), SystemClock()) as found:
        assert found is not None
        yield found


def settings(local: LocalIssuer, **others: Any) -> Settings:
    told = {"oidc_issuer": local.url, "oidc_audience": AUDIENCE, **others}
    return Settings(kafka_bootstrap_servers="x", database_url="y", **told)


async def refusal(issuer: Issuer, token: str) -> str:
    with pytest.raises(TokenRefused) as failure:
        await issuer.caller(token)
    return str(failure.value)


def part(data: object) -> str:
    raw = data if isinstance(data, bytes) else orjson.dumps(data)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_without_an_issuer_there_is_none() -> None:
    nowhere = Settings(kafka_bootstrap_servers="x", database_url="y")
    async with trusted(nowhere, SystemClock()) as found:
        assert found is None


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_who_shows_a_token(local: LocalIssuer, issuer: Issuer, algorithm: str) -> None:
    local.add("this", algorithm)
    token = local.sign("this")
    assert is_token(token)
    expected = Caller("Ann Lee", identity_at(local.url, "user-17"), "reviewer", frozenset({7, 12}))
    assert await issuer.caller(token) == expected


async def test_people_keep_their_id(local: LocalIssuer, issuer: Issuer) -> None:
    local.add("two", "RS256")
    mine = [await issuer.caller(local.sign(kid, local.claims(name=None))) for kid in ("one", "two")]
    other = await issuer.caller(local.sign("one", local.claims(sub="user-18")))
    assert mine[0] == mine[1]
    assert mine[0].name == "user-17"
    assert mine[0].reviewer_id != other.reviewer_id
    assert identity_at("https://id.example", "user-17") == UUID("2d2ead45-5ff8-5eab-a634-e740a6156f49")


async def test_all_shops_and_several_audiences(local: LocalIssuer, issuer: Issuer) -> None:
    claims = local.claims(shops="*", role="admin", aud=["other", AUDIENCE])
    assert (await issuer.caller(local.sign("one", claims))).shops is None


async def test_claims_have_the_names_that_are_set(local: LocalIssuer) -> None:
    named = settings(local, oidc_role_claim="https://relearn/role", oidc_shops_claim="tenants")
    said: dict[str, Any] = {"https://relearn/role": "analyst", "tenants": [3]}
    async with trusted(named, SystemClock()) as found:
        assert found is not None
        caller = await found.caller(local.sign("one", local.claims(**said)))
        assert (caller.role, caller.shops) == ("analyst", {3})
        assert "claim tenants" in await refusal(
            found, local.sign("one", {**local.claims(**said), "tenants": 3})
        )


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "other"}, "is for another audience"),
        ({"aud": ["other"]}, "is for another audience"),
        ({"aud": ""}, "lacks the claim aud"),
        ({"aud": [AUDIENCE, 7]}, "is for another audience"),
        ({"iss": "https://other.example"}, "is of another issuer"),
        ({"exp": "soon"}, "cannot be read"),
        ({"sub": 17}, "cannot be read"),
        *(({name: None}, f"lacks the claim {name}") for name in ("iss", "aud", "exp", "sub")),
    ],
    ids=str,
)
async def test_tokens_for_others(
    local: LocalIssuer, issuer: Issuer, claims: dict[str, Any], why: str
) -> None:
    assert await refusal(issuer, local.sign("one", local.claims(**claims))) == f"the token {why}"


@pytest.mark.parametrize(
    ("claim", "seconds", "why"),
    [
        ("exp", -LEEWAY_SECONDS - 1, "has expired"),
        ("nbf", LATER_SECONDS, "is not valid yet"),
        ("iat", LATER_SECONDS, "is not valid yet"),
    ],
)
async def test_tokens_for_other_times(
    local: LocalIssuer, issuer: Issuer, claim: str, seconds: int, why: str
) -> None:
    claims = local.claims(**{claim: int(time.time()) + seconds})
    assert await refusal(issuer, local.sign("one", claims)) == f"the token {why}"


async def test_clocks_may_differ_a_little(local: LocalIssuer, issuer: Issuer) -> None:
    now = int(time.time())
    for claims in ({"exp": now - LEEWAY_SECONDS // 2}, {"nbf": now + LEEWAY_SECONDS // 2}):
        await issuer.caller(local.sign("one", local.claims(**claims)))


@pytest.mark.parametrize("role", [None, "", "boss", "Admin", ["admin"], {"admin": True}, 7], ids=str)
async def test_roles_that_are_none(local: LocalIssuer, issuer: Issuer, role: object) -> None:
    why = await refusal(issuer, local.sign("one", local.claims(role=role)))
    assert why == "the token's claim role is none of service, reviewer, analyst, admin"


@pytest.mark.parametrize(
    "shops",
    [None, [], 7, "7", "7,12", "", ["7"], ["*"], [7.0], [True], [0], [-7], [2**31], {"7": 7}, [[7]]],
    ids=str,
)
async def test_shops_that_are_none(local: LocalIssuer, issuer: Issuer, shops: object) -> None:
    why = await refusal(issuer, local.sign("one", local.claims(shops=shops)))
    assert why == "the token's claim shops is neither a list of shops' ids nor \"*\" for all shops"


@pytest.mark.parametrize("subject", ["", "x" * 256])
async def test_subjects_that_are_none(local: LocalIssuer, issuer: Issuer, subject: str) -> None:
    assert "claim sub does not have" in await refusal(issuer, local.sign("one", local.claims(sub=subject)))


@pytest.mark.parametrize("none", ["none", "None", "NONE", ""])
async def test_a_token_that_nobody_signed(local: LocalIssuer, issuer: Issuer, none: str) -> None:
    for signature in ("", local.sign("one").rpartition(".")[2]):
        token = f"{part({'alg': none, 'kid': 'one'})}.{part(local.claims())}.{signature}"
        assert is_token(token)
        assert await refusal(issuer, token) == "the token is signed by another algorithm than its key is for"


@pytest.mark.parametrize("kind", ["pem", "der", "jwk"])
async def test_the_public_key_is_no_shared_secret(local: LocalIssuer, issuer: Issuer, kind: str) -> None:
    local.add("rsa", "RS256")
    public = local.keys["rsa"][1].public_key()
    secrets = {
        "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "der": public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        "jwk": orjson.dumps(local.shown[-1]),
    }
    said = f"{part({'alg': 'HS256', 'kid': 'rsa'})}.{part(local.claims())}"
    token = f"{said}.{part(hmac.digest(secrets[kind], said.encode(), 'sha256'))}"
    assert await refusal(issuer, token) == "the token is signed by another algorithm than its key is for"


async def test_a_key_is_for_one_algorithm(local: LocalIssuer, issuer: Issuer) -> None:
    local.add("rsa", "RS256")
    why = await refusal(issuer, local.sign("rsa", alg="PS256"))
    assert why == "the token is signed by another algorithm than its key is for"


async def test_somebody_elses_signature(local: LocalIssuer, issuer: Issuer) -> None:
    local.add("two")
    why = "the token is not signed with the key that it names"
    assert await refusal(issuer, local.sign("two", kid="one")) == why
    header, claims, signature = local.sign("one").split(".")
    other = part(local.claims(role="admin", shops="*"))
    assert other != claims
    assert await refusal(issuer, f"{header}.{other}.{signature}") == why


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
async def test_a_key_that_anybody_can_break(local: LocalIssuer, issuer: Issuer) -> None:
    local.add("short", "RS256", rsa.generate_private_key(65537, 1024))
    assert await refusal(issuer, local.sign("short")) == "the token is signed with a key that is too short"


async def test_keys_are_found_by_their_names_alone(local: LocalIssuer, issuer: Issuer) -> None:
    strange = local.sign("one", kid="two")
    assert await refusal(issuer, strange) == "the token is signed with a key that the issuer does not show"
    unnamed = local.sign("one", kid=None)
    assert await refusal(issuer, unnamed) == "the token does not say with which key it is signed (kid)"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "ES256", "kid": 7},
        {"alg": "ES256", "kid": "one", "crit": ["exp"], "exp": 1},
        {"alg": "ES256", "kid": "one", "crit": ["b64"], "b64": False},
        ["ES256"],
        b"[" * 5_000,
        b'{"alg":' + b"9" * 10_000 + b"}",
        b"\xff\xfe",
        b"{",
    ],
    ids=lambda header: str(header)[:40],
)
async def test_headers_of_all_sorts(local: LocalIssuer, issuer: Issuer, header: object) -> None:
    token = f"{part(header)}.{part(local.claims())}.{part(b'x' * 64)}"
    assert is_token(token)
    assert await refusal(issuer, token) == "the token cannot be read"


@pytest.mark.parametrize(
    "header", [{"alg": ["ES256"], "kid": "one"}, {"kid": "one"}, {"alg": None, "kid": "one"}]
)
async def test_algorithms_of_all_sorts(local: LocalIssuer, issuer: Issuer, header: object) -> None:
    token = f"{part(header)}.{part(local.claims())}.{part(b'x' * 64)}"
    assert await refusal(issuer, token) == "the token is signed by another algorithm than its key is for"


async def test_it_says_so_when_the_issuer_is_not_there(local: LocalIssuer, issuer: Issuer) -> None:
    local.broken = True
    why = await refusal(issuer, local.sign("one"))
    assert why == "the token cannot be checked: the keys of the issuer cannot be fetched"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a.b",
        "a.b.c.d",
        "a.b.c.d.e",
        "a b.c.d",
        "a.b.c\n",
        "ä.b.c",
        "..",
        secret_of(UUID(int=0), bytes(32)),
    ],
)
def test_what_has_not_the_shape_of_a_token(text: str) -> None:
    assert not is_token(text)
