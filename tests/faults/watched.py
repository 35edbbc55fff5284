"""A part in a process of its own that can be asked how it is, by all the ways that an operator has."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from prometheus_client.parser import text_string_to_metric_families

from runtime.embedded.ports import HOST, free_port
from runtime.settings import Settings
from tests.cli.running import relearn
from tests.faults.parts import ROOT

SECONDS = 60.0
ENRICHER = ("-m", "tests.streams.enrichment.child")
"""An enricher whose vectors need no model: it starts sooner."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A running part."""

    process: asyncio.subprocess.Process
    port: int
    output: Path

    @property
    def said(self) -> str:
        """All that it has written."""
        return self.output.read_text()

    async def health(self) -> dict[str, Any]:
        found: dict[str, Any] = orjson.loads(await self._get("health"))
        return found["parts"]

    async def number(self, name: str, **labels: str) -> float:
        """A number that it tells Prometheus; 0 where there is none."""
        families = text_string_to_metric_families(await self._get("metrics"))
        samples = [sample for family in families for sample in family.samples if sample.name == name]
        return sum(s.value for s in samples if labels.items() <= s.labels.items())

    async def _get(self, path: str) -> str:
        async with httpx.AsyncClient(timeout=5) as client:
            return (await client.get(f"http://{HOST}:{self.port}/{path}")).text

    async def until(self, part: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Waits until it says of one of its parts what must come true; returns what it says then."""
        async with asyncio.timeout(SECONDS):
            while True:
                try:
                    found = (await self.health()).get(part)
                except httpx.TransportError:
                    found = None
                if found is not None and holds(found):
                    return found
                assert self.process.returncode is None, self.said
                await asyncio.sleep(0.1)

    async def end(self) -> None:
        """Lets it finish what it has in hand."""
        self.process.terminate()
        async with asyncio.timeout(SECONDS):
            await self.process.wait()


@asynccontextmanager
async def watched(settings: Settings, folder: Path, *words: str) -> AsyncIterator[Watched]:
    """`relearn` with these words, or a module of the tests; killed at the end if it still lives."""
    told = settings.model_copy(update={"health_port": free_port()})
    env = {**os.environ, **told.environment(), "PYTHONPATH": str(ROOT)}
    command = words if words[0] == "-m" else ("-m", "cli.main", *words)
    output = folder / f"{words[-1]}-{told.health_port}.log"
    with output.open("wb") as out:
        child = await asyncio.create_subprocess_exec(
            sys.executable, *command, env=env, cwd=ROOT, stdout=out, stderr=out
        )
    try:
        yield Watched(child, told.health_port, output)
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def status(settings: Settings) -> tuple[str, list[dict[str, Any]]]:
    """What `relearn status` says to a person, in one line, and to a program."""
    env = {**settings.environment(), "COLUMNS": "4000"}
    shown = await relearn("status", env=env)
    told = await relearn("status", "--json", env=env)
    assert shown.exit_code == told.exit_code == 0, shown.output + told.output
    return " ".join(shown.stdout.split()), orjson.loads(told.stdout)["parts"]


async def troubles(settings: Settings) -> dict[int, dict[str, Any]]:
    """The partitions whose decider has told `relearn status` that it cannot go on, and why."""
    _, rows = await status(settings)
    return {row["partition"]: row for row in rows if row["part"] == "decider" and "reason" in row}


async def until_troubled(settings: Settings, *partitions: int) -> dict[int, dict[str, Any]]:
    """Waits until these partitions, and no others, say that they cannot go on."""
    async with asyncio.timeout(SECONDS):
        while set(found := await troubles(settings)) != set(partitions):
            await asyncio.sleep(0.2)
    return found
