"""The public keys of an OpenID Connect issuer: found by discovery, kept for a while, and looked for again."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping
from typing import Any

import httpx
import structlog
from jwt import PyJWK, PyJWKSet, PyJWTError

from runtime.clock import Clock
from runtime.settings import is_safe_way

FRESH_SECONDS = 300.0
"""How old keys may be before somebody looks again: one that the issuer takes back is trusted no longer."""
LONGEST_SECONDS = 3600.0
"""How old they may be where the issuer cannot be reached."""
PAUSE_SECONDS = 5.0
"""Between two looks for keys that are not known: anybody can make a token that names one."""

ASYMMETRIC = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
"""What only the issuer can sign and everybody can check (RFC 7518, 3.1; RFC 8037)."""

log = structlog.get_logger(__name__)


class KeyMissing(Exception):
    """A token cannot be checked, for want of the key; the message is a sentence."""


class SigningKeys:
    """The keys with which one issuer signs, by their ids."""

    def __init__(self, issuer: str, client: httpx.AsyncClient, clock: Clock) -> None:
        """Fetches nothing yet. `issuer`: as it calls itself in `iss`."""
        self.issuer = issuer
        self._client = client
        self._clock = clock
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched = self._tried = -math.inf
        self._looking = asyncio.Lock()

    async def find(self, kid: str) -> PyJWK:
        """The key of this id, for its one algorithm.

        Raises:
            KeyMissing: if the issuer shows none, or cannot be asked.
        """
        if self._is_due(kid) and not (kid in self._keys and self._looking.locked()):
            await self._look(kid)
        if self._clock.monotonic() - self._fetched > LONGEST_SECONDS:
            raise KeyMissing("the token cannot be checked: the keys of the issuer cannot be fetched")
        if kid not in self._keys:
            raise KeyMissing("the token is signed with a key that the issuer does not show")
        return self._keys[kid]

    def _is_due(self, kid: str) -> bool:
        return self._clock.monotonic() - self._tried >= (
            FRESH_SECONDS if kid in self._keys else PAUSE_SECONDS
        )

    async def _look(self, kid: str) -> None:
        async with self._looking:
            if not self._is_due(kid):
                # Somebody has looked meanwhile.
                return
            try:
                self._keys = await self._fetch()
                self._fetched = self._clock.monotonic()
            except (httpx.HTTPError, httpx.InvalidURL, PyJWTError, ValueError) as error:
                log.warning(
                    "the keys of the issuer cannot be fetched", issuer=self.issuer, reason=repr(error)
                )
            self._tried = self._clock.monotonic()

    async def _fetch(self) -> Mapping[str, PyJWK]:
        """OpenID Connect Discovery 1.0, 4; RFC 7517, 5."""
        told = await self._get(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration")
        if told.get("issuer") != self.issuer:
            raise ValueError("what is found there speaks of another issuer")
        where = told.get("jwks_uri")
        if not isinstance(where, str) or not is_safe_way(where):
            raise ValueError("jwks_uri is no https address")
        return {
            key.key_id: key
            for key in PyJWKSet.from_dict(await self._get(where)).keys
            if key.key_id and key.public_key_use in (None, "sig") and key.algorithm_name in ASYMMETRIC
        }

    async def _get(self, url: str) -> dict[str, Any]:
        answer = await self._client.get(url)
        found = answer.raise_for_status().json()
        if not isinstance(found, dict):
            raise ValueError(f"{url} shows no JSON object")
        return found
