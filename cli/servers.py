"""The embedded broker and database of a tree, started together and restarted when one of them ends."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Protocol

from runtime.embedded.kafka import BrokerFailed, EmbeddedKafka
from runtime.embedded.ports import HOST
from runtime.embedded.postgres import EmbeddedPostgres, ServerFailed
from runtime.settings import Settings, load_settings
from runtime.supervision import Backoff

LOOK_SECONDS = 0.5
NOT_KNOWN = "postgresql://none.invalid/none"

Say = Callable[[str], None]


class Server(Protocol):
    """What both embedded servers can do."""

    @property
    def pid(self) -> int | None: ...
    async def start(self) -> str: ...
    async def stop(self) -> None: ...


class Servers:
    """One broker and one database in one folder."""

    def __init__(self, folder: Path, kafka_port: int, controller_port: int, domains: tuple[str, ...]) -> None:
        self._folder = folder.resolve()
        self._domains = domains
        self._all: Mapping[str, Server] = {
            "kafka": EmbeddedKafka(self._folder / "kafka", kafka_port, controller_port),
            "postgres": EmbeddedPostgres(self._folder / "postgres", own=self._folder),
        }
        self._addresses = {"kafka": f"{HOST}:{kafka_port}", "postgres": NOT_KNOWN}

    async def start_kafka(self) -> None:
        """Starts the broker, whose address is known before."""
        await self._start("kafka")

    async def start_postgres(self) -> None:
        """Starts the database; only then is its address known. Before, the settings name one that nobody has."""
        await self._start("postgres")

    async def stop(self) -> None:
        """Ends both. Data stays."""
        async with asyncio.TaskGroup() as tasks:
            for server in self._all.values():
                tasks.create_task(server.stop())

    async def watch(self, say: Say, moved: Callable[[], Awaitable[None]]) -> None:
        """Restarts a server that ended, for ever; `moved` is called when one has another address then."""
        backoff, crashes, clock = Backoff(), Counter[str](), asyncio.get_running_loop().time
        since = dict.fromkeys(self._all, clock())
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for name, server in self._all.items():
                if server.pid is None:
                    crashes[name] = 1 if clock() - since[name] >= backoff.steady else crashes[name] + 1
                    await self._again(name, backoff.after(crashes[name]), say, moved)
                    since[name] = clock()

    async def _again(self, name: str, delay: float, say: Say, moved: Callable[[], Awaitable[None]]) -> None:
        before = self._addresses[name]
        say(f"{name} ended; it starts again in {delay:g} s")
        await asyncio.sleep(delay)
        await self._all[name].stop()
        try:
            await self._start(name)
        except (BrokerFailed, ServerFailed) as error:
            say(str(error))
            return
        say(f"{name} runs again")
        if self._addresses[name] != before:
            await moved()

    async def _start(self, name: str) -> None:
        self._addresses[name] = await self._all[name].start()

    def settings(self) -> Settings:
        """The settings by which these servers are reached, whatever the environment says of others."""
        return load_settings(
            kafka_bootstrap_servers=self._addresses["kafka"],
            kafka_security_protocol="PLAINTEXT",
            kafka_replication_factor=1,
            kafka_min_insync_replicas=1,
            topic_prefix="",
            domains=self._domains,
            database_url=self._addresses["postgres"],
            data_dir=self._folder,
            embedding_cache=self._folder / "embeddings.sqlite",
            snapshot_dir=self._folder / "snapshots",
        )
