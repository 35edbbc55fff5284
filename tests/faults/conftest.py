"""Chance, and servers that a test may kill."""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.house import House

SEED = int(os.environ.get("FAULT_SEED") or random.SystemRandom().randrange(10**6))


@pytest.fixture
def chance() -> random.Random:
    """The same kills again with FAULT_SEED."""
    print(f"FAULT_SEED={SEED}")  # noqa: T201 - pytest shows it when a test fails
    return random.Random(SEED)


@pytest.fixture
async def house(folder: Path) -> AsyncIterator[House]:
    """Servers and parts of this test's own. Nothing runs yet."""
    house = House(folder)
    try:
        yield house
    finally:
        await house.stop()
