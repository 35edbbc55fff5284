"""Servers that a test may kill."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.house import House


@pytest.fixture
async def house(folder: Path) -> AsyncIterator[House]:
    """Servers and parts of this test's own. Nothing runs yet."""
    house = House(folder)
    try:
        yield house
    finally:
        await house.stop()
