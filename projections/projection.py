"""What a domain brings to the engine: its log, how outcomes become changes, and where its SQL stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from projections.change import Change
from schemas.event import Event
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
    TopicsReconnected,
)
from schemas.record import Record, RecordCodec
from schemas.value import value


@value
class Logged:
    """A record and where it stands. `at` is its decision time."""

    topic: str
    partition: int
    offset: int
    record: Record
    at: datetime

    @property
    def event(self) -> Event[Any]:
        """The input. Raises ValueError if it could not be read, for then nothing can follow from it."""
        if self.record.event is None:
            raise ValueError("the record has no event")
        return self.record.event


Handler = Callable[[Logged, Any], Iterable[Change]]
"""What one outcome changes."""

Audit = Callable[[Logged, int, Outcome], Change]
"""The audit row of the outcome with this index in its record."""


def nothing(log: Logged, outcome: Outcome) -> Iterable[Change]:
    """The audit row tells all there is."""
    return ()


GENERAL: Mapping[type[Outcome], Handler] = {
    DuplicateIgnored: nothing,
    DeadLettered: nothing,
    DeadLetterRetried: nothing,
    DeadLetterDiscarded: nothing,
    InputMoved: nothing,
    InputAbsent: nothing,
    TopicsReconnected: nothing,
    PolicyAdopted: nothing,
    RequestRefused: nothing,
}
"""What every domain has and no table shows."""


def time_of_event(log: Logged, outcome: Outcome) -> datetime:
    """The event's own time."""
    return log.event.time


class Monthly(NamedTuple):
    """A table that is partitioned by month, and the time by which a row has its place in it."""

    table: str
    time: Callable[[Logged, Any], datetime] = time_of_event


@dataclass(frozen=True, slots=True)
class Projection:
    """One domain's tables."""

    name: str
    log: str
    """The topic, without the installation's prefix."""
    codec: RecordCodec
    handlers: Mapping[type[Outcome], Handler]
    audit: Audit
    sql: Path
    """The folder with the statements that the handlers name."""
    months: Mapping[type[Outcome], Monthly]
    """Outcomes that become a row of a table that is partitioned by month."""
    loaded_after: str
    """The last migration before those that are better done with full tables."""
    derived: tuple[str, ...] = ()
    """Tables that jobs make from the others: no record decides them."""
    version: int = 1
    """Rises when the same log gives other rows."""

    def changes(self, logged: Iterable[Logged]) -> Iterable[Change]:
        """All that these records change, in their order.

        Raises:
            ValueError, LookupError, TypeError, AttributeError: if a record does not hold what its outcomes need.
        """
        handlers, audit = self.handlers, self.audit
        for entry in logged:
            for index, outcome in enumerate(entry.record.outcomes):
                yield from handlers[type(outcome)](entry, outcome)
                yield audit(entry, index, outcome)
