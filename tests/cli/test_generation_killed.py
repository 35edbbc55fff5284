"""Generations whose making or adoption is killed at any moment: the tables are the same throughout."""

from __future__ import annotations

import random

import pytest

from tests.cli.killed import killed
from tests.cli.replayed import Replayed
from tests.cli.test_generation import generation, rows

ROUNDS = 6
PATIENCE = 120.0


@pytest.mark.slow
@pytest.mark.timeout(2400)
async def test_tables_are_the_same_throughout(replayed: Replayed, chance: random.Random) -> None:
    before = await rows(replayed)
    counted = {"killed": 0, "whole": 0}
    for number in range(2, 2 + ROUNDS):
        for words in (("create", "--partitions", str(1 + number % 3)), ("adopt", str(number))):
            command = ("generation", *words, "--domain", "learning")
            while await killed(replayed.settings, *command, after=chance.uniform(1.0, 12.0)):
                counted["killed"] += 1
                assert await rows(replayed) == before, (words, counted)
                if counted["killed"] % 4 == 0:
                    assert not await killed(replayed.settings, *command, after=PATIENCE)
                    break
            counted["whole"] += 1
            assert await rows(replayed) == before, (words, counted)
        await generation(replayed, "drop", str(number - 1), "--yes")
    assert await replayed.different() == {}
    assert await replayed.schemas() == ["learning"]


@pytest.mark.slow
@pytest.mark.timeout(600)
async def test_an_adoption_that_was_killed_can_be_undone(replayed: Replayed, chance: random.Random) -> None:
    before = await rows(replayed)
    await generation(replayed, "create", "--partitions", "2")
    command = ("generation", "adopt", "2", "--domain", "learning")
    if await killed(replayed.settings, *command, after=chance.uniform(2.0, 8.0)):
        dropped = await replayed.run("generation", "drop", "2", "--yes")
        if dropped.exit_code:
            assert "the tables are of generation 2 already" in dropped.stderr
            assert not await killed(replayed.settings, *command, after=PATIENCE)
    assert await rows(replayed) == before
    assert await replayed.different() == {}
