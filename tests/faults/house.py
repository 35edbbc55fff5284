"""Servers that die and parts that are started again when they end, as a machine's supervisor does."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from cli.migrate import upgrade_all
from runtime.clock import SystemClock
from runtime.embedded.kafka import EmbeddedKafka
from runtime.embedded.postgres import EmbeddedPostgres, ServerFailed
from runtime.settings import PREFIX, Settings
from runtime.supervision import Backoff, Command, Supervisor
from tests.faults.load import create_topics
from tests.faults.parts import ROOT

PARTS = ("enricher", "decider", "projector")
RESTART_SECONDS = 60.0
LINES = 30


class Keeper:
    """Parts as processes of their own, each started again whenever it ends."""

    def __init__(self, folder: Path) -> None:
        self.crashes: list[str] = []
        """Every end of a part that nobody asked for."""
        self._folder = folder
        self._supervisor = Supervisor(
            folder / "logs", SystemClock(), lambda crash: self.crashes.append(str(crash)), Backoff(most=2.0)
        )

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run at this moment."""
        return dict(self._supervisor.pids)

    async def start(self, settings: Settings, *names: str) -> None:
        """Starts parts by name, several of a kind as `decider-a` and `decider-b`."""
        for name in names:
            env = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
            env |= {**settings.environment(), "PYTHONPATH": str(ROOT)}
            await self._supervisor.start(
                Command(name, [sys.executable, "-m", "cli.main", name.partition("-")[0]], env)
            )

    async def stop(self, *names: str) -> None:
        await self._supervisor.stop(*names)

    def tell(self) -> None:
        """Prints how each part's log ends, which pytest shows when a test fails."""
        for log in sorted((self._folder / "logs").glob("*.log")):
            print(log.name, *log.read_text(errors="replace").splitlines()[-LINES:], sep="\n")  # noqa: T201

    def said(self, name: str) -> str:
        """All that a part has written."""
        return self._supervisor.log_of(name).read_text()


class House:
    """One broker, one Postgres, and parts. Each server can be killed without the other."""

    def __init__(self, folder: Path) -> None:
        self.kafka = EmbeddedKafka(folder / "kafka")
        self.postgres = EmbeddedPostgres(folder / "postgres", own=folder)
        self.keeper = Keeper(folder)
        self.settings: Settings
        self._folder = folder

    async def start(self, *parts: str, snapshots: Path | None = None) -> Settings:
        """Starts the servers, makes topics and tables, then starts these parts; `snapshots`: where they are kept."""
        address, url = await asyncio.gather(self.kafka.start(), self.postgres.start())
        self.settings = Settings(
            kafka_bootstrap_servers=address,
            database_url=url,
            embedding_cache=self._folder / "vectors",
            snapshot_dir=snapshots or self._folder / "snapshots",
        )
        await asyncio.gather(create_topics(self.settings), upgrade_all(self.settings))
        await self.keeper.start(self.settings, *parts)
        return self.settings

    async def stop(self) -> None:
        await self.keeper.stop()
        self.keeper.tell()
        await asyncio.gather(self.kafka.stop(), self.postgres.stop())

    async def outage(self, *servers: EmbeddedKafka | EmbeddedPostgres, seconds: float) -> None:
        """Kills these servers as `kill -9` does, and starts them again after a while."""
        for server in servers:
            await kill(server)
        await asyncio.sleep(seconds)
        await asyncio.gather(*(again(server) for server in servers))


async def kill(server: EmbeddedKafka | EmbeddedPostgres) -> None:
    """Ends a server's main process by SIGKILL."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    async with asyncio.timeout(10):
        while server.pid is not None:
            await asyncio.sleep(0.01)


async def again(server: EmbeddedKafka | EmbeddedPostgres) -> None:
    """A Postgres starts only when the last of its orphaned processes has noticed that it is one."""
    async with asyncio.timeout(RESTART_SECONDS):
        while True:
            try:
                await server.start()
            except ServerFailed:
                await asyncio.sleep(0.5)
            else:
                return
