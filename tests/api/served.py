"""The real app on a port of its own, in a thread of its own: tests come over the network, as callers do."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import uvloop
from prometheus_client import CollectorRegistry

from api.app import app_of
from api.serving import HttpServer, Keyring, Serving, opened
from api.writing import Writing
from cli.keys import minted
from runtime.clock import SystemClock
from runtime.embedded.ports import HOST, free_port
from runtime.keys import KeyRing, put_key
from runtime.settings import Settings
from schemas.access import Key, Role

PATIENCE = 30.0
KEY_SECONDS = 2.0
ANSWER_SECONDS = 60.0


class Served:
    """The API while it serves."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.keys, self.writing = KeyRing(settings), Writing(settings)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._loop: asyncio.AbstractEventLoop
        self._serving: Serving

    def start(self) -> None:
        """Returns when it can append."""
        self._thread.start()
        until(lambda: self._failure is not None or (self.writing.reason == "" and self._answers()))
        if self._failure is not None:
            raise self._failure

    def stop(self) -> None:
        if self._failure is None:
            self._loop.call_soon_threadsafe(self._serving.stop)
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "it ends when it is told to"

    def caller(self, role: Role, *shops: int, name: str | None = None) -> httpx.Client:
        """Speaks with a new key, for these shops; without any, for all."""
        return self.speaking(self.key(role, *shops, name=name)[1])

    def key(self, role: Role, *shops: int, name: str | None = None) -> tuple[Key, str]:
        """A new key that the API knows, and its secret."""
        key, secret = minted(role, shops or None, name or role, datetime.now(UTC))
        # Beside the loop of an asynchronous test, if it is one.
        with ThreadPoolExecutor(1) as aside:
            aside.submit(asyncio.run, put_key(self.settings, key)).result()
        until(lambda: self.keys.find(secret, datetime.now(UTC)) is not None, KEY_SECONDS)
        return key, secret

    def speaking(self, secret: str | None) -> httpx.Client:
        """Speaks with this secret, or with none."""
        headers = {} if secret is None else {"authorization": f"Bearer {secret}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=ANSWER_SECONDS)

    def _run(self) -> None:
        try:
            uvloop.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - the test's thread has to hear of it
            self._failure = error

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with opened(
            self.settings, SystemClock(), self.keys, self.writing, CollectorRegistry()
        ) as services:
            server = HttpServer(app_of(services), HOST, self.port)
            self._serving = Serving(server, Keyring(self.keys), self.writing)
            await self._serving.run()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/api/openapi.json").is_success
        except httpx.TransportError:
            return False


@contextmanager
def served(settings: Settings, **others: Any) -> Iterator[Served]:
    """The API with these settings and `others` over them, for as long as the block lasts."""
    api = Served(settings.model_copy(update=others))
    api.start()
    try:
        yield api
    finally:
        api.stop()


def until(is_so: Any, seconds: float = PATIENCE) -> None:
    """Returns as soon as it is so."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it is not so in time"
        time.sleep(0.005)
