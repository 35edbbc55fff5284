"""How tables are read: each answer in one transaction, as their owner or for some shops alone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

from asyncpg import Connection, InsufficientPrivilegeError, InvalidParameterValueError, Pool

from projections.positions import ALL_SHOPS, OWNER, Positions

READER = "relearn_reader"
"""The role that the migrations make: it reads what they let it, of the shops that are named to it."""


class SightRefused(Exception):
    """Who is connected may not read for some shops alone. The message says what to do."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the database does not let its user read as {READER} ({why}): is it migrated, "
            f"and was `GRANT {READER} TO` that user done?"
        )


class Sight:
    """Opens the tables of one schema to who reads them: by itself, as whom the pool is connected as."""

    def __init__(self, pool: Pool, positions: Positions, role: str = OWNER, shops: str = ALL_SHOPS) -> None:
        """`role`: as which they are read; `shops`: those that it sees, in the setting's own words."""
        self._pool, self._positions = pool, positions
        self._role, self._shops = role, shops

    def for_shops(self, shops: Collection[int] | None) -> Sight:
        """The same tables, of which only the rows of these shops can be seen; None: of all shops.

        The database sees to that: what a statement forgets to ask for is not shown, and nothing can be written.
        """
        named = ALL_SHOPS if shops is None else ",".join(map(str, sorted(shops)))
        return Sight(self._pool, self._positions, READER, named)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Connection]:
        """A transaction that sees all tables of one schema, also while another is swapped in.

        Raises:
            SightRefused: if the user of the database may not read so.
        """
        async with self._pool.acquire() as conn, conn.transaction(readonly=True):
            try:
                await self._positions.enter_to_read(conn, self._role, self._shops)
            except (InsufficientPrivilegeError, InvalidParameterValueError) as error:
                raise SightRefused(str(error)) from error
            yield conn
