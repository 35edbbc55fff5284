"""By what the messages about an event are keyed, and so which of them stay in order."""

from __future__ import annotations

from typing import Any

from schemas.event import Event, PartitionData
from schemas.execution import TaskOutcome
from schemas.outcome import Outcome
from schemas.task import TaskData


def key_of(event: Event[Any]) -> bytes | None:
    """The task's id, else the shop in ASCII decimal; none for what concerns a whole partition."""
    match event.data:
        case PartitionData():
            return None
        case TaskData(task_id=task_id):
            return task_id.encode()
    return b"%d" % event.shop_id


def key_of_outcome(outcome: Outcome) -> bytes | None:
    """The key of what was decided about; none for what concerns a whole partition."""
    if isinstance(outcome, TaskOutcome):
        return outcome.task_id.encode()
    return b"%d" % outcome.shop_id if outcome.shop_id else None
