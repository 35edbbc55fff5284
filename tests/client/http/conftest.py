"""Every test of what both clients do is one of both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from itertools import islice
from typing import Any, Protocol

import pytest

from relearn_client.http import AsyncHttpClient, HttpClient
from tests.client.http.scripted import Scripted, scripted

KEY = "relearn_someone_secret"


class Client(Protocol):
    """Either client, as tests use it."""

    def __call__(self, name: str, /, *said: Any, first: int | None = None, **named: Any) -> Any:
        """What this method returns; a list of all, or of the first so many, where it goes through a list."""
        ...


@pytest.fixture
def server() -> Iterator[Scripted]:
    with scripted() as serving:
        yield serving


@pytest.fixture(params=["blocking", "awaiting"])
def new_client(request: pytest.FixtureRequest, server: Scripted) -> Iterator[Callable[..., Client]]:
    """Makes a client, with these options."""
    with asyncio.Runner() as runner:
        made: list[HttpClient | AsyncHttpClient] = []

        def new(key: Any = KEY, *, url: str | None = None, **options: Any) -> Client:
            kind = HttpClient if request.param == "blocking" else AsyncHttpClient
            # Nobody speaks TLS here, and certificates take long to load.
            client = kind(url or server.url, key, **{"verify": False, **options})
            made.append(client)
            return _blocking(client) if isinstance(client, HttpClient) else _awaiting(client, runner)

        yield new
        for each in made:
            each.close() if isinstance(each, HttpClient) else runner.run(each.close())


@pytest.fixture
def client(new_client: Callable[..., Client]) -> Client:
    return new_client(patience=10)


def _blocking(client: HttpClient) -> Client:
    def call(name: str, /, *said: Any, first: int | None = None, **named: Any) -> Any:
        told = getattr(client, name)(*said, **named)
        return list(islice(told, first)) if isinstance(told, Iterator) else told

    return call


def _awaiting(client: AsyncHttpClient, runner: asyncio.Runner) -> Client:
    def call(name: str, /, *said: Any, first: int | None = None, **named: Any) -> Any:
        async def told() -> Any:
            found = getattr(client, name)(*said, **named)
            return await found if isinstance(found, Awaitable) else await _first(found, first)

        return runner.run(told())

    return call


async def _first(found: Any, count: int | None) -> list[Any]:
    gone: list[Any] = []
    assert isinstance(found, AsyncGenerator)
    async with aclosing(found) as told:
        async for each in told:
            gone.append(each)
            if len(gone) == count:
                break
    return gone
