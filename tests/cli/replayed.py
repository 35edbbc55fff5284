"""The scenario's log on a real broker, and its tables: for commands that read both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from aiokafka import TopicPartition
from asyncpg import Connection

from projections.writer import Entry
from runtime import postgres
from runtime.reading import end_of, read, reader
from runtime.settings import Settings
from schemas.topics import LEARNING
from tests.cli.running import relearn
from tests.projections.conftest import new_writer

LOG = LEARNING.log.name


class Replayed:
    """The scenario's log and its tables."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def show(self) -> None:
        """Shows all that is in the log."""
        tp = TopicPartition(self.settings.topic(LOG), 0)
        async with (
            await postgres.create_pool(self.settings, LEARNING.name, max_size=1) as pool,
            reader(self.settings, tp) as consumer,
        ):
            writer = new_writer(pool)
            at = await writer.position(0)
            async for lot in read(consumer, tp, at.next_offset, await end_of(consumer, tp)):
                at = await writer.apply(0, at, [Entry(m.offset, m.value) for m in lot])

    async def run(self, *words: str) -> Any:
        return await relearn(*words, "--domain", LEARNING.name, env=self.settings.environment())

    async def told(self, *words: str) -> Any:
        """What such a command prints, of learning."""
        return await self.told_of(*words, "--domain", LEARNING.name)

    async def told_of(self, *words: str) -> Any:
        """What any command prints."""
        done = await relearn(*words, "--json", env=self.settings.environment())
        assert done.exit_code == 0, done.output
        return orjson.loads(done.stdout)

    async def different(self) -> Mapping[str, int]:
        """How many rows of each table are not what the log says."""
        found = orjson.loads((await self.run("verify", "--json")).stdout)[LEARNING.name]
        return {each["table"]: each["different"] for each in found if each["different"]}

    async def connect(self) -> Connection:
        return await postgres.connect(self.settings, LEARNING.name)

    async def execute(self, statement: str) -> None:
        conn = await self.connect()
        await conn.execute(statement)
        await conn.close()

    async def schemas(self) -> list[str]:
        conn = await self.connect()
        rows = await conn.fetch("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'learning%' ORDER BY 1")
        await conn.close()
        return [row["nspname"] for row in rows]
