"""The tables of a domain, to read from."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from projections.learning.projection import PROJECTION
from projections.learning.queries import LearningQueries
from runtime import postgres
from runtime.settings import Settings
from schemas.topics import LEARNING

Pool = Any
"""What `runtime.postgres.create_pool` gives; the driver itself is no concern of commands."""


@asynccontextmanager
async def opened(settings: Settings, domain: str = LEARNING.name) -> AsyncIterator[Pool]:
    """A small pool of connections to the tables of one domain."""
    pool = await postgres.create_pool(settings, domain, max_size=2)
    async with pool:
        yield pool


@asynccontextmanager
async def queries(settings: Settings) -> AsyncIterator[LearningQueries]:
    """What commands ask the tables of learning."""
    async with opened(settings) as pool:
        yield LearningQueries(pool, PROJECTION)
