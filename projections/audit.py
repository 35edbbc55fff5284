"""Who did what, when: one row for each outcome, of ids, states and numbers, never of people's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from pydantic import BaseModel

from projections.change import Change, Statement
from projections.projection import Audit, Logged
from projections.values import as_json, moment
from schemas.identity import NAMESPACE
from schemas.outcome import (
    DeadLettered,
    DuplicateIgnored,
    InputAbsent,
    InputMoved,
    Outcome,
    PolicyAdopted,
    RequestRefused,
    RetentionAdvanced,
    TopicsReconnected,
)
from schemas.standing import Source

POLICY = "policy"
"""The actor where nobody but the policy decided."""

Told = Mapping[type[Outcome], tuple[str, ...]]
"""What an outcome's row tells beside the new state. Words have no place here."""

Actor = Callable[[Logged, Outcome], str | None]
"""Who is behind an outcome."""


class AuditRow(NamedTuple):
    shop_id: int
    id: UUID
    at: datetime
    actor: str | None
    action: str
    entity: str
    entity_id: str | None
    before: str | None
    after: str | None
    event_id: str | None
    topic: str
    log_partition: int
    log_offset: int
    policy: str


ADD = Statement("add_audit", AuditRow)

GENERAL: Told = {
    DuplicateIgnored: (),
    DeadLettered: ("reason",),
    InputMoved: ("home",),
    InputAbsent: ("topic", "first", "last"),
    TopicsReconnected: ("inputs", "enriched"),
    PolicyAdopted: ("policy_hash", "embedding_model", "partitions"),
    RetentionAdvanced: ("before",),
    RequestRefused: ("reason", "entity", "state"),
}
"""What rows of the outcomes tell that every domain has."""


def auditing(told: Told, actor: Actor) -> Audit:
    """How one domain's outcomes are told."""

    def audit(log: Logged, index: int, outcome: Outcome) -> Change:
        """The row of the outcome with this index."""
        kind = type(outcome)
        record = log.record
        event = record.event
        row = AuditRow(
            outcome.shop_id,
            uuid5(NAMESPACE, f"{log.topic}/{log.partition}/{log.offset}/{index}"),
            log.at,
            actor(log, outcome),
            kind.__name__,
            kind.ENTITY,
            outcome.entity_id,
            before(outcome),
            after(outcome, told[kind]),
            None if event is None else str(event.id),
            log.topic,
            log.partition,
            log.offset,
            record.policy,
        )
        return Change(ADD, row)

    return audit


def before(outcome: Outcome) -> str | None:
    was: BaseModel | None = field(outcome, "was")
    return None if was is None else as_json(plain(was))


def after(outcome: Outcome, told: tuple[str, ...]) -> str | None:
    now: BaseModel | None = field(outcome, "now")
    if now is None and not told:
        return None
    said: dict[str, Any] = {} if now is None else plain(now)
    for name in told:
        value = getattr(outcome, name)
        if value is not None:
            said[name] = PLAIN.get(type(value), as_it_is)(value)
    return as_json(said)


def field(model: BaseModel, name: str) -> Any:
    """The field's value; None where this kind has no such field, which pydantic takes long to say itself."""
    return model.__dict__.get(name)


def plain(part: BaseModel) -> dict[str, Any]:
    """A state or a source: flat, so that its fields can be written as they are."""
    return dict(part)


def as_it_is(value: Any) -> Any:
    return value


PLAIN: Mapping[type[Any], Callable[[Any], Any]] = {Source: plain, datetime: moment}
"""How values are written that JSON has no word for."""
