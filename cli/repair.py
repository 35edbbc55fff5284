"""Repairs holes in the enrichment of a tree by itself: what `relearn enrich rewind` does elsewhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import httpx

from runtime.settings import Settings
from schemas.topics import DOMAINS
from streams.enrichment.rewind import rewind

LOOK_SECONDS = 2.0
PATIENCE_LOOKS = 3
"""A partition must be seen waiting so many times in a row: enrichers repeat a run by themselves after a crash."""

WAITING = re.compile(r"waiting\b")


class Repairable(Protocol):
    """What is needed of a tree."""

    settings: Settings

    @property
    def health(self) -> Mapping[str, str]: ...
    def without(self, name: str) -> AbstractAsyncContextManager[None]: ...


def waiting(health: Mapping[str, Any]) -> set[tuple[str, int]]:
    """The domains and partitions that a decider's /health says are waiting for an input."""
    found = set()
    for part, state in health.get("parts", {}).items():
        domain, _, number = part.partition(" ")
        if WAITING.match(state["reason"]) and number.isdigit():
            found.add((domain, int(number)))
    return found


class Repairer:
    """Looks at the deciders of a tree, and rewinds its enrichers where an input was passed over."""

    def __init__(self, tree: Repairable, say: Callable[[str], None]) -> None:
        self._tree = tree
        self._say = say
        self._seen: dict[tuple[str, int], int] = {}

    async def watch(self) -> None:
        """Looks for ever."""
        async with httpx.AsyncClient(timeout=5) as client:
            while True:
                await asyncio.sleep(LOOK_SECONDS)
                await self.look(lambda url: _get(client, url))

    async def look(self, get: Callable[[str], Awaitable[Mapping[str, Any]]]) -> None:
        """Looks once, and repairs what has been waiting for long enough."""
        urls = [url for name, url in self._tree.health.items() if name.startswith("decider")]
        now = {each for url in urls for each in waiting(await get(url))}
        self._seen = {each: self._seen.get(each, 0) + 1 for each in now}
        if due := {each for each, looks in self._seen.items() if looks >= PATIENCE_LOOKS}:
            self._seen.clear()
            for domain in {name for name, _ in due}:
                await self._repair(domain, sorted(number for name, number in due if name == domain))

    async def _repair(self, domain: str, partitions: Iterable[int]) -> None:
        told = ", ".join(map(str, partitions))
        self._say(
            f"{domain} partition {told} waits for an input that was not enriched: rewinding the enricher"
        )
        async with self._tree.without(f"enricher-{domain}"):
            for partition in partitions:
                await rewind(self._tree.settings, DOMAINS[domain], partition)


async def _get(client: httpx.AsyncClient, url: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = (await client.get(url)).json()
    except httpx.TransportError:
        return {}
    return found
