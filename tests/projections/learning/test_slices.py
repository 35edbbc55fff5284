"""Batches are only a matter of speed: the same records in any slices give the same tables."""

from __future__ import annotations

from random import Random

import pytest

from projections.positions import Position
from tests.projections.conftest import NewPool, new_writer
from tests.projections.learning.random_log import RandomLog
from tests.projections.learning.shown import content


@pytest.mark.parametrize("seed", range(5))
async def test_one_by_one_equals_all_at_once(seed: int, new_pool: NewPool) -> None:
    log = RandomLog(Random(seed))
    while len(log.entries) < 90:
        log.step()

    whole, single, sliced = [await new_pool() for _ in range(3)]
    for pool, size in ((whole, len(log.entries)), (single, 1), (sliced, 7 + seed)):
        writer = new_writer(pool)
        at = await writer.position(0)
        for first in range(0, len(log.entries), size):
            at = await writer.write(0, at, log.entries[first : first + size])
        assert at == Position(log.entries[-1].offset + 1, len(log.entries))

    shown = await content(whole)
    assert len(shown["learning_audit_log"]) == sum(len(record.outcomes) for record in log.records)
    assert await content(single) == shown
    assert await content(sliced) == shown
