"""By what the messages about an event are keyed, and so which of them stay in order."""

from __future__ import annotations

from typing import Any

from schemas.event import Event
from schemas.execution import TaskOutcome
from schemas.outcome import Outcome
from schemas.task import TaskData


def key_of(event: Event[Any]) -> bytes | None:
    """The task's id, else the shop in ASCII decimal; none for what concerns a whole partition."""
    if event.shop_id:
        return b"%d" % event.shop_id
    data = event.data
    return data.task_id.encode() if isinstance(data, TaskData) else None


def key_of_outcome(outcome: Outcome) -> bytes | None:
    """The key of what was decided about; none for what concerns a whole partition."""
    if isinstance(outcome, TaskOutcome):
        return outcome.task_id.encode()
    return b"%d" % outcome.shop_id if outcome.shop_id else None
