"""Tells when the tables show what the log says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from asyncpg import Pool

from projections.positions import Positions

LOOK_SECONDS = 0.02


class Visible:
    """How far a log is shown, for any number who wait for it: they look together, and only while somebody waits."""

    def __init__(self, pool: Pool, positions: Positions, topic: str) -> None:
        self._pool, self._positions, self._topic = pool, positions, topic
        self._next_offsets: Mapping[int, int] = {}
        self._looking: asyncio.Task[None] | None = None

    async def until(self, offsets: Mapping[int, int]) -> None:
        """Returns when the records at these offsets (by partition) are in the tables. Waits as long as it takes.

        Raises:
            asyncpg's errors, where the tables cannot be read.
        """
        while not self._shows(offsets):
            if self._looking is None or self._looking.done():
                self._looking = asyncio.create_task(self._look())
            # Whoever gives up leaves the look to the others.
            await asyncio.shield(self._looking)

    async def _look(self) -> None:
        found = await self._positions.all(self._pool)
        self._next_offsets = {each.partition: each.next_offset for each in found if each.topic == self._topic}
        await asyncio.sleep(LOOK_SECONDS)

    def _shows(self, offsets: Mapping[int, int]) -> bool:
        return all(self._next_offsets.get(number, 0) > offset for number, offset in offsets.items())
