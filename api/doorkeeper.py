"""Lets callers in who show a key, or a token of the issuer that is trusted."""

from __future__ import annotations

from api.callers import Unknown
from api.problems import unavailable
from runtime.clock import Clock
from runtime.keys import KeyRing
from runtime.oidc import Issuer, TokenRefused, is_token
from schemas.access import Caller


class KeysAndTokens:
    """Knows both. Without an issuer, keys alone."""

    def __init__(self, keys: KeyRing, issuer: Issuer | None, clock: Clock) -> None:
        self._keys, self._issuer, self._clock = keys, issuer, clock

    async def caller(self, secret: str) -> Caller:
        """Whose this is.

        Raises:
            Unknown: if it is nobody's.
            Problem: if keys are not known yet: whose it is cannot be said.
        """
        if self._issuer is not None and is_token(secret):
            try:
                return await self._issuer.caller(secret)
            except TokenRefused as error:
                raise Unknown(str(error)) from error
        if not self._keys.is_loaded:
            raise unavailable("access keys are not read yet")
        key = self._keys.find(secret, self._clock.now())
        if key is None:
            raise Unknown("this key is unknown, revoked or expired")
        return key.caller
