"""Callers who show a token of an OpenID Connect issuer: what it says is believed if the issuer has signed it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Annotated, Any, get_args

import httpx
import jwt
from pydantic import Field, TypeAdapter, ValidationError

from runtime.clock import Clock
from runtime.settings import Settings
from runtime.signing_keys import KeyMissing, SigningKeys
from schemas.access import Caller, Role
from schemas.fields import MAX_NAME, ShopId
from schemas.identity import identity_at

LEEWAY_SECONDS = 30
"""How far the clocks of issuer and API may be apart."""

TIMEOUT_SECONDS = 5.0
"""For each question to the issuer."""

MAX_SUBJECT = 255
"""Characters (OpenID Connect Core 1.0, 2)."""

SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", re.ASCII)

SHOPS: TypeAdapter[frozenset[int]] = TypeAdapter(
    Annotated[frozenset[Annotated[ShopId, Field(strict=True)]], Field(min_length=1)]
)


class TokenRefused(Exception):
    """A token that lets nobody in. The message is a sentence that says why, without the token's words."""


@asynccontextmanager
async def trusted(settings: Settings, clock: Clock) -> AsyncIterator[Issuer | None]:
    """The issuer whose tokens are accepted, for as long as the block lasts; None where none is configured."""
    if settings.oidc_issuer is None:
        yield None
        return
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS) as client:
        yield Issuer(settings, SigningKeys(settings.oidc_issuer, client, clock))


def is_token(text: str) -> bool:
    """Whether this has the shape of a token, three parts with dots between them. No secret of a key has it."""
    return SHAPE.fullmatch(text) is not None


class Issuer:
    """The one issuer whose tokens are accepted."""

    def __init__(self, settings: Settings, keys: SigningKeys) -> None:
        """`settings` say for whom tokens must be, and which of their claims count."""
        self._settings = settings
        self._keys = keys

    async def caller(self, token: str) -> Caller:
        """Who shows this token.

        Raises:
            TokenRefused: if it was not signed by the issuer, is for somebody else or another time, or does not say
                who may do what in which shops.
        """
        claims = await self._verified(token)
        subject = claims["sub"]
        if not 0 < len(subject) <= MAX_SUBJECT:
            raise TokenRefused(f"the token's claim sub does not have 1 to {MAX_SUBJECT} characters")
        name = claims.get("name")
        return Caller(
            name=(name if isinstance(name, str) and name else subject)[:MAX_NAME],
            reviewer_id=identity_at(self._keys.issuer, subject),
            role=_role(claims, self._settings.oidc_role_claim),
            shops=_shops(claims, self._settings.oidc_shops_claim),
        )

    async def _verified(self, token: str) -> Mapping[str, Any]:
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            if kid is None:
                raise TokenRefused("the token does not say with which key it is signed (kid)")
            key = await self._keys.find(kid)
            # The key says by which algorithm, not the token, and it has none that is not asymmetric.
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=self._settings.oidc_audience,
                issuer=self._keys.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["iss", "aud", "exp", "sub"], "enforce_minimum_key_length": True},
            )
        except KeyMissing as error:
            raise TokenRefused(str(error)) from error
        except jwt.PyJWTError as error:
            raise TokenRefused(f"the token {_why(error)}") from error
        return claims


def _why(error: jwt.PyJWTError) -> str:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return f"lacks the claim {error.claim}"
    return next((words for kind, words in REFUSALS.items() if isinstance(error, kind)), "cannot be read")


REFUSALS: Mapping[type[jwt.PyJWTError], str] = {
    jwt.ExpiredSignatureError: "has expired",
    jwt.ImmatureSignatureError: "is not valid yet",
    jwt.InvalidAudienceError: "is for another audience",
    jwt.InvalidIssuerError: "is of another issuer",
    jwt.InvalidAlgorithmError: "is signed by another algorithm than its key is for",
    jwt.InvalidSignatureError: "is not signed with the key that it names",
    jwt.InvalidKeyError: "is signed with a key that is too short",
}


def _role(claims: Mapping[str, Any], claim: str) -> Role:
    for role in get_args(Role):
        if claims.get(claim) == role:
            found: Role = role
            return found
    raise TokenRefused(f"the token's claim {claim} is none of {', '.join(get_args(Role))}")


def _shops(claims: Mapping[str, Any], claim: str) -> frozenset[int] | None:
    """None: all shops."""
    if claims.get(claim) == "*":
        return None
    try:
        return SHOPS.validate_python(claims.get(claim))
    except ValidationError:
        raise TokenRefused(
            f"the token's claim {claim} is neither a list of shops' ids nor \"*\" for all shops"
        ) from None
