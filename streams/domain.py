"""What a domain brings to the decider loop: its topics, its policy and its pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar
from uuid import UUID

from pydantic import BaseModel

from schemas.enriched import NOTHING, Enrichment
from schemas.event import Event, EventData
from schemas.outcome import Outcome
from schemas.record import Record
from schemas.topics import DomainTopics
from schemas.value import value

S = TypeVar("S")


@value
class Given:
    """An input as a decider sees it. `at` is the decision time: the decider has no other clock."""

    event: Event[Any]
    enrichment: Enrichment
    at: datetime

    @property
    def data(self) -> Any:
        return self.event.data

    @property
    def shop_id(self) -> int:
        return self.event.shop_id


@value
class Feed:
    """A message of a feed topic. A value of None is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None


class Domain(Protocol[S]):
    """The pure part of a domain.

    `decide` yields outcomes one by one and must not change the state; whoever drives it evolves the state by
    each outcome before asking for the next, so that a decision sees those before it.
    """

    @property
    def topics(self) -> DomainTopics: ...

    @property
    def outcomes(self) -> Sequence[type[Outcome]]: ...

    @property
    def policy(self) -> type[BaseModel]:
        """The model that every policy of the domain is validated by."""
        ...

    def new_state(self) -> S:
        """The state before the first record."""
        ...

    def expect(self, state: S, policy: Any, coming: Sequence[tuple[int, Enrichment]]) -> None:
        """Is told shops and enrichments of a batch before its first decision, to compute for all at once what is
        cheaper so. Must not change what is decided; is called in a thread while nothing else touches the state.
        """
        ...

    def decide(self, state: S, policy: Any, given: Given) -> Iterator[Outcome]:
        """What follows from this input."""
        ...

    def observe(self, state: S, policy: Any, given: Given) -> None:
        """Keeps what later decisions need to know of every input, whatever was decided about it."""
        ...

    def evolve(self, state: S, given: Given, outcome: Outcome) -> None:
        """Changes the state by one outcome."""
        ...

    def feeds(self, state: S, given: Given, outcome: Outcome) -> Iterator[Feed]:
        """What this outcome, once evolved, says in the domain's feeds."""
        ...

    def erasures(self, records: Iterable[Record]) -> Any:
        """What one partition's records say of who was erased, and when, for `erased`. False where nobody was."""
        ...

    def erased(self, record: Record, erasures: Any) -> Record:
        """The record of that partition without the words that were erased after it; itself where it has none.

        Folding and showing all records so gives what the log itself gives, once its erasures are decided.
        """
        ...


def given_by(record: Record) -> Given | None:
    """The input of a record, as it was decided; None if it was not readable."""
    event: Event[EventData] | None = record.event
    return None if event is None else Given(event, record.enrichment or NOTHING, record.decided_at)


def event_key(event: Event[Any]) -> tuple[int, UUID]:
    """By what a repeated event is known."""
    return event.shop_id, event.id
