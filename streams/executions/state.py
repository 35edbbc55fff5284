"""What the executions decider remembers: tasks that wait for their other half, and those that are closed."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from schemas.task import TaskCompleted, TaskFeedbackGiven, TaskRouted, TaskStarted
from schemas.vector import Vector


@dataclass(slots=True)
class Task:
    """What has come of one task so far. `since`: the decision time of what came first."""

    since: datetime
    routed: TaskRouted | None = None
    routed_at: datetime | None = None
    """The routing event's own time, as `completed_at` is the completion's."""
    embedding: Vector | None = None
    started: TaskStarted | None = None
    completed: TaskCompleted | None = None
    completed_at: datetime | None = None
    solution_embedding: Vector | None = None
    accepted: bool | None = None
    rating: int | None = None

    def hear(self, said: TaskFeedbackGiven) -> None:
        """The latest opinion counts, for what it says."""
        self.accepted = self.accepted if said.accepted is None else said.accepted
        self.rating = self.rating if said.rating is None else said.rating


@dataclass(slots=True)
class State:
    """The fold of one partition of the log. Both are in the order of decisions."""

    open: OrderedDict[str, Task] = field(default_factory=OrderedDict)
    closed: OrderedDict[str, datetime] = field(default_factory=OrderedDict)
    """When each was closed, for as long as the policy says."""

    def task(self, task_id: str, now: datetime) -> Task:
        """The task with this id, which is open from now on if it was not."""
        return self.open.setdefault(task_id, Task(now))

    def close(self, task_id: str, now: datetime) -> None:
        """Nothing more is waited for."""
        self.open.pop(task_id, None)
        self.closed[task_id] = now

    def forget_closed(self, now: datetime, kept: timedelta) -> None:
        """Lets go of the ids of tasks that were closed longer ago than this."""
        while self.closed and next(iter(self.closed.values())) < now - kept:
            self.closed.popitem(last=False)
