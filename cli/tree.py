"""All of relearn on one machine, in one folder: servers, topics, tables and every part, under one supervisor."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.admin_key import admin_key
from cli.folder import held, remember
from cli.migrate import upgrade_all
from cli.ports import choose
from cli.repair import Repairer
from cli.servers import Say, Servers
from runtime.clock import Clock
from runtime.embedded.ports import HOST
from runtime.kafka import create_topics
from runtime.settings import PREFIX, Settings
from runtime.supervision import Command, Supervisor
from schemas.topics import DOMAINS, every_topic

PARTS = ("enricher", "decider", "projector", "scheduler", "api")
"""In the order in which they start; they end in the reverse order."""

API = "api"
EARLY = "enricher"
"""Starts beside the servers and waits for the broker, the only one that it needs: its model takes the longest to
load.
"""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a tree lives.

    With `port_base` N the broker is at N, the parts' health from N + 1, behind them the broker's controller and the
    HTTP API.
    """

    folder: Path
    port_base: int | None = None
    parts: tuple[str, ...] = PARTS
    domains: tuple[str, ...] = tuple(DOMAINS)


class Tree:
    """A running tree. Made by `grown`."""

    def __init__(self, layout: Layout, clock: Clock, say: Say) -> None:
        self.layout = layout
        self.settings: Settings
        self.admin_key: str | None = None
        """Opens the API, if that is one of the parts."""
        self.watching: asyncio.Task[None]
        """Ends only if it fails."""
        self._say, self._clock = say, clock
        listening = ["kafka", *layout.parts, "controller", "http"]
        self._ports = choose(layout.folder / "ports.json", listening, layout.port_base)
        self._servers = Servers(
            layout.folder, self._ports["kafka"], self._ports["controller"], layout.domains
        )
        self._supervisor = Supervisor(self.logs, clock, on_crash=lambda crash: say(str(crash)))
        self._changing = asyncio.Lock()

    @property
    def logs(self) -> Path:
        """The folder of the parts' logs."""
        return self.layout.folder / "logs"

    @property
    def pids(self) -> Mapping[str, int]:
        """The process of every part that runs at this moment."""
        return self._supervisor.pids

    @property
    def health(self) -> Mapping[str, str]:
        """Where each part tells its health."""
        return {name: f"http://{HOST}:{self._ports[name]}/health" for name in self.layout.parts}

    @property
    def api(self) -> str:
        """Where the HTTP API is, if it is one of the parts."""
        return f"http://{HOST}:{self._ports['http']}"

    async def start(self) -> None:
        """Starts everything; returns when the servers answer and every part's process runs."""
        async with asyncio.TaskGroup() as tasks:
            kafka = tasks.create_task(self._servers.start_kafka())
            self.settings = self._servers.settings()
            early = {EARLY} & set(self.layout.parts)
            for name in early:
                await self._start_part(name)
            await self._servers.start_postgres()
            self.settings = self._servers.settings()
            await kafka
            await asyncio.gather(upgrade_all(self.settings), create_topics(self.settings, every_topic()))
            if API in self.layout.parts:
                self.admin_key = await admin_key(self.layout.folder, self.settings, self._clock)
        for name in self.layout.parts:
            if name not in early:
                await self._start_part(name)
        remember(self.layout.folder, self._environment())

    async def stop(self) -> None:
        """Ends everything: each part finishes its batch in hand, then the servers go."""
        await self._stop_parts()
        await self._servers.stop()

    async def watch(self) -> None:
        """Keeps servers running and repairs holes in the enrichment, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._servers.watch(self._say, self._reconnect))
            tasks.create_task(Repairer(self, self._say).watch())

    @asynccontextmanager
    async def without(self, name: str) -> AsyncIterator[None]:
        """One part is stopped for as long as the block lasts."""
        async with self._changing:
            await self._supervisor.stop(name)
            try:
                yield
            finally:
                await self._start_part(name)

    def _environment(self) -> dict[str, str]:
        """What every part is told, and whoever wants to reach them."""
        api = {f"{PREFIX}API_HOST": HOST, f"{PREFIX}API_PORT": str(self._ports["http"])}
        return {**self.settings.environment(), **api}

    async def _start_part(self, name: str) -> None:
        env = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
        # Threads that wait for each other by spinning take the cores from the other parts on this machine.
        env |= {"OMP_WAIT_POLICY": os.environ.get("OMP_WAIT_POLICY", "PASSIVE")}
        env |= self._environment()
        env |= {f"{PREFIX}HEALTH_HOST": HOST, f"{PREFIX}HEALTH_PORT": str(self._ports[name])}
        words = [sys.executable, "-m", "cli.main", name]
        await self._supervisor.start(Command(name, words, env))

    async def _stop_parts(self) -> None:
        await asyncio.gather(*(self._supervisor.stop(name) for name in self.layout.parts))

    async def _reconnect(self) -> None:
        """A server has another address: every part must be told."""
        async with self._changing:
            await self._stop_parts()
            self.settings = self._servers.settings()
            for name in self.layout.parts:
                await self._start_part(name)
        remember(self.layout.folder, self._environment())


@asynccontextmanager
async def grown(layout: Layout, clock: Clock, say: Say) -> AsyncIterator[Tree]:
    """A tree that lives as long as the block. What crashes is started again.

    Raises:
        Failed: if one runs in this folder already.
    """
    with held(layout.folder):
        tree = Tree(layout, clock, say)
        try:
            await tree.start()
            tree.watching = asyncio.create_task(tree.watch())
            try:
                yield tree
            finally:
                tree.watching.cancel()
                await asyncio.gather(tree.watching, return_exceptions=True)
        finally:
            await tree.stop()
