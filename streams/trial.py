"""A log decided once more, as if another policy had been in force, or with other vectors. Nothing is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Generic, NamedTuple, TypeVar

import orjson
from pydantic import BaseModel

from runtime.settings import Settings
from schemas import control
from schemas.enriched import Enriched
from schemas.outcome import Outcome, PolicyAdopted
from schemas.record import Record
from streams.domain import Domain
from streams.hearing import Hear, Tell, hear_log
from streams.partition import Machine, Opening

S = TypeVar("S")


class Tried(NamedTuple):
    """A record as it stands in the log, and what the other policy would have decided about the same input."""

    record: Record
    outcomes: Sequence[Outcome]


class Trial(Generic[S]):
    """One partition. The recorded vectors are compared: no model is needed."""

    def __init__(self, domain: Domain[S], policy: BaseModel | None, partition: int) -> None:
        """`policy`: in force from the beginning; None: those that the log adopted, each from its place on."""
        self._machine = Machine(domain)
        self._policy = policy
        self._state = self._machine.new(partition)

    def take(self, records: Sequence[Record]) -> Iterator[Tried]:
        """Decides the next records of the log again."""
        inputs = {record.seq: _input(record) for record in records if record.event is not None}
        self._machine.expect(self._state, inputs.values())
        for record in records:
            yield Tried(record, self._outcomes(record, inputs.get(record.seq)))

    def _outcomes(self, record: Record, given: tuple[Enriched, dict[str, Any]] | None) -> Sequence[Outcome]:
        machine, state = self._machine, self._state
        if self._policy and record.input is None and isinstance(record.outcomes[0], PolicyAdopted):
            opened = record.outcomes[0]
            opening = Opening(self._policy, opened.embedding_model, opened.partitions)
            return machine.open(state, opening, record.at).record.outcomes
        if given is None or record.event is None:
            # What could not be read, and what the log says of itself, does not depend on a policy.
            machine.fold(state, record)
            return record.outcomes
        if self._policy and isinstance(record.event.data, control.PolicyAdopted):
            machine.fold(state, replace(record, outcomes=()))
            return ()
        return machine.decide(state, record.enriched_offset, *given).record.outcomes


def _input(record: Record) -> tuple[Enriched, dict[str, Any]]:
    """The record's input, as the enricher told it."""
    assert record.input is not None
    return Enriched(record.input, record.raw, record.enrichment), orjson.loads(record.raw)


async def try_policy(
    settings: Settings,
    domain: Domain[Any],
    policy: BaseModel | None,
    tried: Callable[[Tried], object],
    tell: Tell,
) -> None:
    """Decides all that stands in the log now.

    Raises:
        UnreadableRecord: if this version cannot read a record.
    """

    def begin(partition: int) -> Hear:
        trial = Trial(domain, policy, partition)
        return lambda records: [tried(each) for each in trial.take(records)]

    await hear_log(settings, domain, begin, tell)
