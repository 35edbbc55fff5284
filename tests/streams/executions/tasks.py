"""A partition of executions, and what is said to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid5

import numpy as np
import orjson

from schemas.codec import encode
from schemas.control import Tick
from schemas.enriched import Coordinates, Embedded, Enriched, Enrichment
from schemas.event import Event, EventData
from schemas.identity import NAMESPACE
from schemas.outcome import Outcome
from schemas.policy import ExecutionsPolicy
from schemas.record import Record, RecordCodec
from schemas.task import TaskCompleted, TaskFeedbackGiven, TaskRouted, TaskStarted
from schemas.topics import EXECUTIONS
from streams.enrichment.texts import texts_of
from streams.executions.decider import Executions
from streams.partition import Decision, Machine, Opening, Repeat

MORNING = datetime(2026, 3, 12, 9, tzinfo=UTC)
CODEC = RecordCodec(EXECUTIONS.types, Executions.outcomes)
MODEL = "letters"


def routed(task: str = "t1", **said: Any) -> TaskRouted:
    fixed: dict[str, Any] = {
        "task_type": "bug_fix",
        "task_description": "Dates are wrong.",
        "repo": "acme/billing",
        "file_count": 3,
        "estimated_tokens": 100,
        "model_tier": "small",
        "pool_type": "cpu",
        "routing_confidence": 0.8,
        "cost_estimate": 2.0,
        "predicted_duration_seconds": 100.0,
    }
    return TaskRouted(task_id=task, **(fixed | said))


def started(task: str = "t1", pool: str = "cpu-1") -> TaskStarted:
    return TaskStarted(task_id=task, pool_id=pool, started_at=MORNING)


def completed(task: str = "t1", **said: Any) -> TaskCompleted:
    fixed: dict[str, Any] = {"success": True, "duration_seconds": 150.0, "cost_actual": 3.0}
    return TaskCompleted(task_id=task, **(fixed | {"solution_summary": "Use the shop's zone."} | said))


def feedback(task: str = "t1", **said: Any) -> TaskFeedbackGiven:
    return TaskFeedbackGiven(task_id=task, by="dev-ines", **said)


def said(data: EventData, name: object = "", time: datetime = MORNING) -> Event[Any]:
    """An event that is the same whenever it is made of the same."""
    told = orjson.dumps(data.model_dump(mode="json"))
    task = getattr(data, "task_id", None)
    return Event(uuid5(NAMESPACE, f"{name}{told!r}"), "/orchestrator", time, 0, task, data)


def vector(words: str) -> Any:
    """A direction of its own for each text."""
    made = np.random.default_rng(uuid5(NAMESPACE, words).int).standard_normal(384).astype(np.float32)
    return made / np.linalg.norm(made)


@dataclass
class Partition:
    """Takes events as the decider loop does. `records` are as the log has them."""

    policy: ExecutionsPolicy = field(default_factory=ExecutionsPolicy)
    number: int = 0
    records: list[Record] = field(default_factory=list)
    offset: int = 0

    def __post_init__(self) -> None:
        self.machine = Machine(Executions())
        self.state = self.machine.new(self.number)
        self._keep(self.machine.open(self.state, Opening(self.policy, MODEL, 1), _ms(MORNING)))

    def hear(self, *events: Event[Any], at: datetime = MORNING) -> list[Outcome]:
        """What is decided about these events, appended at this time."""
        found: list[Outcome] = []
        for event in events:
            topic = EXECUTIONS.input_of(event.type)
            assert topic is not None
            raw, place = encode(event), Coordinates(topic.name, self.number, self._next(topic.name), _ms(at))
            vectors = {part: Embedded(vector(words)) for part, words in texts_of(event.data).items()}
            enriched = Enriched(place, raw, Enrichment(MODEL if vectors else "", vectors))
            decided = self.machine.take(self.state, self.offset, enriched, orjson.loads(raw))
            assert isinstance(decided, Decision)
            self.offset += 1
            found += self._keep(decided).outcomes
        return found

    def tick(self, at: datetime) -> list[Outcome]:
        """Time has passed."""
        return self.hear(said(Tick(partition=self.number), at), at=at)

    def again(self) -> Any:
        """The state that a decider has which knows only the log."""
        state = self.machine.new(self.number)
        for record in self.records:
            self.machine.fold(state, record)
        return state

    def _next(self, topic: str) -> int:
        mark = self.state.inputs.get(topic)
        return mark.next_offset if mark else 0

    def _keep(self, decision: Decision | Repeat) -> Record:
        assert isinstance(decision, Decision)
        self.records.append(CODEC.decode(CODEC.encode(decision.record)))
        return self.records[-1]


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def of(kind: type[Outcome], outcomes: Iterable[Outcome]) -> list[Any]:
    """Those of this kind."""
    return [each for each in outcomes if isinstance(each, kind)]


HOURS = timedelta(hours=1)
