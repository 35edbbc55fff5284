"""An OpenID Connect issuer on this machine: shows its public keys over HTTP, and signs what a test wants."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Self

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import get_default_algorithms

AUDIENCE = "relearn"
MAKERS: Mapping[str, Callable[[], Any]] = {
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "PS256": lambda: rsa.generate_private_key(65537, 2048),
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


class LocalIssuer:
    """Serves from when its block is entered. What it shows can be changed at any time."""

    def __init__(self) -> None:
        self.keys: dict[str, tuple[str, Any]] = {}
        """By their ids: for which algorithm, and the private key."""
        self.shown: list[dict[str, Any]] = []
        """What stands in the key set."""
        self.discovered: dict[str, Any] = {}
        """What discovery says otherwise than it should."""
        self.asked = 0
        """How often the key set was fetched."""
        self.broken = False
        self.answering = asyncio.Event()
        self.answering.set()
        self._runner: web.AppRunner
        self.url: str

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/.well-known/openid-configuration", self._discovery)
        app.router.add_get("/keys", self._show)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.answering.set()
        await self._runner.cleanup()

    def add(self, kid: str, algorithm: str = "ES256", key: Any = None, **said: Any) -> None:
        """Makes a key and shows its public half; `said` is added to that, and taken away where it is None."""
        private = key or MAKERS[algorithm]()
        self.keys[kid] = (algorithm, private)
        public = get_default_algorithms()[algorithm].to_jwk(private.public_key(), as_dict=True)  # type: ignore[call-overload]
        told = {**public, "kid": kid, "alg": algorithm, "use": "sig", "key_ops": ["verify"], **said}
        self.shown.append({name: value for name, value in told.items() if value is not None})

    def claims(self, **others: Any) -> dict[str, Any]:
        """What a token says; what is given as None is left out."""
        now = int(time.time())
        told = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": "user-17",
            "iat": now,
            "nbf": now,
            "exp": now + 300,
            "name": "Ann Lee",
            "role": "reviewer",
            "shops": [7, 12],
        }
        return {name: value for name, value in {**told, **others}.items() if value is not None}

    def sign(self, key_id: str, claims: Mapping[str, Any] | None = None, **header: Any) -> str:
        """A token of these claims by one of the keys; what the header says otherwise as None is left out."""
        algorithm, key = self.keys[key_id]
        told = {name: value for name, value in {"kid": key_id, **header}.items() if value is not None}
        return jwt.encode(dict(self.claims() if claims is None else claims), key, algorithm, told)

    async def _discovery(self, _: web.Request) -> web.Response:
        await self.answering.wait()
        told = {"issuer": self.url, "jwks_uri": f"{self.url}/keys", **self.discovered}
        return web.json_response(told)

    async def _show(self, _: web.Request) -> web.Response:
        self.asked += 1
        return web.Response(status=500) if self.broken else web.json_response({"keys": self.shown})
