"""Repairs holes in the enrichment of a tree by itself: what `relearn enrich rewind` does elsewhere."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

import httpx

from runtime.settings import Settings
from schemas.topics import DOMAINS
from streams.enrichment.rewind import rewind

LOOK_SECONDS = 2.0
PATIENCE_LOOKS = 5
"""A partition must be seen waiting so many times in a row, beside an enricher that has nothing to do: one that is
starting, or repeating what it was rewound to, needs nobody's help."""

PASSED_OVER = re.compile(r"input \S+\[\d+\] ([\d,]+) has not been enriched")

Holes = Mapping[tuple[str, int], int]
"""By domain and partition: the first input that was passed over."""
Get = Callable[[str], Awaitable[Mapping[str, Any]]]


class Repairable(Protocol):
    """What is needed of a tree."""

    settings: Settings

    @property
    def health(self) -> Mapping[str, str]: ...
    def without(self, name: str) -> AbstractAsyncContextManager[None]: ...


def holes(health: Mapping[str, Any]) -> Holes:
    """What a decider's /health says that it waits for."""
    found = {}
    for part, state in health.get("parts", {}).items():
        domain, _, number = part.partition(" ")
        if state["reason"].startswith("waiting") and number.isdigit():
            offsets = [int(offset.replace(",", "")) for offset in PASSED_OVER.findall(state["reason"])]
            found[domain, int(number)] = min(offsets, default=0)
    return found


def is_idle(health: Mapping[str, Any]) -> bool:
    """Whether an enricher is ready and has nothing to do."""
    return bool(health.get("ready")) and not any(part["reason"] for part in health["parts"].values())


class Repairer:
    """Looks at the deciders of a tree, and rewinds its enrichers where an input was passed over."""

    def __init__(self, tree: Repairable, say: Callable[[str], None], get: Get | None = None) -> None:
        """`get` reads a /health; by HTTP unless another is given."""
        self._tree = tree
        self._say = say
        self._get = get or _get
        self._seen: dict[tuple[str, int], int] = {}

    async def watch(self) -> None:
        """Looks for ever."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Looks once, and repairs what has been waiting for long enough."""
        found: dict[tuple[str, int], int] = {}
        for name, url in self._tree.health.items():
            if name.startswith("decider"):
                found |= holes(await self._get(url))
        idle = [each for each in found if is_idle(await self._get(self._tree.health["enricher"]))]
        self._seen = {each: self._seen.get(each, 0) + 1 for each in idle}
        for domain, partition in [each for each, looks in self._seen.items() if looks >= PATIENCE_LOOKS]:
            await self._repair(domain, partition, found[domain, partition])

    async def _repair(self, domain: str, partition: int, offset: int) -> None:
        self._say(f"{domain} partition {partition} waits for input {offset:,}: rewinding the enricher")
        self._seen.clear()
        async with self._tree.without("enricher"):
            await rewind(self._tree.settings, DOMAINS[domain], partition, offset=offset)


async def _get(url: str) -> Mapping[str, Any]:
    try:
        async with httpx.AsyncClient(timeout=5) as client:
            found: Mapping[str, Any] = (await client.get(url)).json()
    except httpx.TransportError:
        return {}
    return found
