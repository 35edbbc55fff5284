"""What `relearn status` is told of every partition."""

from __future__ import annotations

import asyncpg

from projections.failures import RecordRefused
from projections.learning.projection import PROJECTION
from projections.status import projection_status
from projections.writer import Writer
from tests.projections.test_writer import responses


async def test_shown_stopped_and_not_begun(pool: asyncpg.Pool, writer: Writer) -> None:
    log = responses(2)
    await writer.apply(0, await writer.position(0), log.entries)
    await writer.position(1)
    await writer.stop(RecordRefused(PROJECTION.log, 1, 4, "odd"))

    first, second, third = await projection_status(pool, PROJECTION, {0: 6, 1: 5, 2: 3})
    assert str(first) == "learning.decisions[0] is shown up to 5, 1 behind"
    assert str(second) == "learning.decisions[1] is stopped at 4: odd"
    assert second.is_stopped
    assert str(third) == "learning.decisions[2] is shown up to 0, 3 behind"
