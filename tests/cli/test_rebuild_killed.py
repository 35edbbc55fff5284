"""Rebuilds that are killed at any moment leave the live tables as they are."""

from __future__ import annotations

import random

import pytest

from tests.cli.killed import killed
from tests.cli.replayed import Replayed
from tests.faults.tables import tables

SHORT, LONG = 3, 25
ROUND_SECONDS = 60.0
REBUILD = ("rebuild", "--domain", "learning")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "rounds", [SHORT, pytest.param(LONG, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
async def test_live_tables_change_by_the_swap_alone(
    replayed: Replayed, rounds: int, chance: random.Random
) -> None:
    before = await tables(replayed.settings)
    counted = {"killed": 0, "whole": 0}
    for _ in range(rounds):
        was_killed = await killed(replayed.settings, *REBUILD, after=chance.uniform(0.5, 6.0))
        counted["killed" if was_killed else "whole"] += 1
        assert await tables(replayed.settings) == before, counted
        assert "learning" in await replayed.schemas()
    assert not await killed(replayed.settings, *REBUILD, after=ROUND_SECONDS), (
        "what is left does not stand in the way"
    )
    assert await tables(replayed.settings) == before
    assert await replayed.schemas() == ["learning"]
    assert await replayed.different() == {}
