"""Rebuilds that are killed at any moment leave the live tables as they are."""

from __future__ import annotations

import asyncio
import os
import random
import sys

import pytest

from tests.cli.replayed import Replayed
from tests.faults.tables import tables

SHORT, LONG = 3, 25
ROUND_SECONDS = 60.0


async def killed(replayed: Replayed, seconds: float) -> bool:
    """Whether a rebuild was killed before it ended by itself."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "rebuild", "--domain", "learning"),
        env={**os.environ, **replayed.settings.environment()},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        return True
    assert process.returncode == 0
    return False


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
        name = "killed" if await killed(replayed, chance.uniform(0.5, 6.0)) else "whole"
        counted[name] += 1
        assert await tables(replayed.settings) == before, counted
        assert "learning" in await replayed.schemas()
    assert not await killed(replayed, ROUND_SECONDS), "what is left does not stand in the way"
    assert await tables(replayed.settings) == before
    assert await replayed.schemas() == ["learning"]
    assert await replayed.different() == {}
