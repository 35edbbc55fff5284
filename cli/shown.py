"""Waits until the tables show what the log says."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from cli.failure import Failed
from cli.tables import opened
from projections.positions import Positions
from projections.visible import Visible
from runtime.settings import Settings
from schemas.topics import LEARNING, DomainTopics


async def until_shown(
    settings: Settings, offsets: Mapping[int, int], timeout: float, domain: DomainTopics = LEARNING
) -> None:
    """Returns when the projection of the domain has passed these offsets of its log, by partition.

    Raises:
        Failed: if it does not come so far in time.
    """
    log = domain.log.name
    try:
        async with asyncio.timeout(timeout), opened(settings, domain.name) as pool:
            await Visible(pool, Positions(domain.name, log), log).until(offsets)
    except TimeoutError:
        raise Failed(
            f"decided, but not visible within {timeout:g} s: `relearn status` tells how far it is"
        ) from None
