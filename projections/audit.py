"""Who did what, when: one row for each outcome, of ids, states and numbers, never of people's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel

from projections.projection import Logged
from projections.values import as_json, moment
from schemas.control import Place
from schemas.outcome import (
    DeadLetterDiscarded,
    DeadLettered,
    DeadLetterRetried,
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
    """What every domain tells. `place` is the outcome's number in its record."""

    at: datetime
    actor: str | None
    action: str
    entity: str
    entity_id: str | None
    before: str | None
    after: str | None
    event_id: str | None
    log_partition: int
    log_offset: int
    policy: str
    place: int


GENERAL: Told = {
    DuplicateIgnored: (),
    DeadLettered: ("reason",),
    DeadLetterRetried: ("topic", "offset", "appended"),
    DeadLetterDiscarded: ("topic", "offset"),
    InputMoved: ("home",),
    InputAbsent: ("topic", "first", "last"),
    TopicsReconnected: ("inputs", "enriched"),
    PolicyAdopted: ("policy_hash", "embedding_model", "partitions"),
    RetentionAdvanced: ("before",),
    RequestRefused: ("reason", "entity", "state"),
}
"""What rows of the outcomes tell that every domain has."""


def audit_row(log: Logged, place: int, outcome: Outcome, told: Told, actor: Actor) -> AuditRow:
    """How one domain's outcome is told."""
    kind, record = type(outcome), log.record
    return AuditRow(
        log.at,
        actor(log, outcome),
        kind.__name__,
        kind.ENTITY,
        outcome.entity_id,
        before(outcome),
        after(outcome, told[kind]),
        None if record.event is None else str(record.event.id),
        log.partition,
        log.offset,
        record.policy,
        place,
    )


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


PLAIN: Mapping[type[Any], Callable[[Any], Any]] = {Source: plain, Place: plain, datetime: moment}
"""How values are written that JSON has no word for."""
