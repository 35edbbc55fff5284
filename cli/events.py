"""Events that the command line says in somebody's name."""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from schemas.event import Event, PartitionData, ShopData

SOURCE = "relearn/cli"

SCHEDULED = uuid5(NAMESPACE_URL, "relearn/scheduler")
"""The namespace of what the scheduler asks for: the same job at the same time makes the same id."""


D = TypeVar("D", bound=ShopData)
P = TypeVar("P", bound=PartitionData)


def said(
    data: D, shop_id: int, now: datetime, event_id: UUID | None = None, source: str = SOURCE
) -> Event[D]:
    """An event about one shop; without an id, a new one."""
    return Event(event_id or uuid4(), source, now, shop_id, None, data)


def to_partition(data: P, now: datetime, event_id: UUID | None = None, source: str = SOURCE) -> Event[P]:
    """An event that concerns a whole partition; without an id, a new one."""
    return Event(event_id or uuid4(), source, now, 0, None, data)


def scheduled_id(*what: object) -> UUID:
    """The id of what the scheduler asks for once."""
    return uuid5(SCHEDULED, "/".join(map(str, what)))
