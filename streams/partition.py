"""One partition of a domain as a pure state machine: inputs in, records out, and the same state from the log.

Given the enriched topic, everything here is a function of its messages. Enrichment is at least once, so per
input topic the first occurrences of offsets ascend without a gap from 0. That is what is checked here: a lower
offset is a repeat, a higher one a hole.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ValidationError

from schemas import control
from schemas.codec import event_from
from schemas.enriched import (
    NOTHING,
    Absent,
    Coordinates,
    Enriched,
    Input,
    Invalid,
    Moved,
    coordinates_to_json,
)
from schemas.event import Event, EventData
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
from schemas.policy import content, policy_hash
from schemas.record import Record, from_ms
from schemas.topics import DEAD_LETTERS
from schemas.value import value
from streams.domain import Domain, Feed, Given, event_key, given_by

REMEMBERED = 100_000
"""How many pairs of shop and event id a partition remembers, so that a repeated event is decided once.

Older repeats meet `ON CONFLICT DO NOTHING` in the projection.
"""

S = TypeVar("S")


class PartitionRefused(Exception):
    """This partition cannot go on; the sentence tells the operator what happened and what to do."""


class InputRecreated(PartitionRefused):
    def __init__(self, at: Coordinates) -> None:
        super().__init__(
            f"input topic {at.topic}[{at.partition}] was recreated: offset {at.offset} has been decided before, "
            f"and a newer message stands there now. If the old topic cannot be restored, stop enrichers and deciders "
            f"and run `relearn log reconnect`: what stands in the new one is then decided after the old."
        )


class ForeignModel(PartitionRefused):
    def __init__(self, at: Coordinates, found: str, expected: str) -> None:
        super().__init__(
            f"{at.topic}[{at.partition}] {at.offset} was embedded with {found!r}, but this log compares vectors "
            f"of {expected!r}. Run the enrichers with RELEARN_EMBEDDING_MODEL={expected}, then rewind them."
        )


class UnknownEvent(PartitionRefused):
    def __init__(self, at: Coordinates, reason: str) -> None:
        super().__init__(
            f"{at.topic}[{at.partition}] {at.offset} was enriched, but this version cannot read it ({reason}). "
            f"Run deciders of the enrichers' version."
        )


@value
class Hole:
    """An input that was passed over: `expected` has not been enriched, `found` came next."""

    expected: int
    found: Coordinates

    def __str__(self) -> str:
        return (
            f"input {self.found.topic}[{self.found.partition}] {self.expected} has not been enriched "
            f"({self.found.offset} came next). Run `relearn enrich rewind --partition {self.found.partition}` "
            f"with the enrichers stopped."
        )


@value
class Repeat:
    """An input that was decided before."""


@value
class Decision:
    """A record, and what is published with it in the same transaction."""

    record: Record
    feeds: tuple[Feed, ...] = ()


@dataclass(slots=True)
class Mark:
    """How far one input topic is decided, and its latest append time."""

    next_offset: int = 0
    appended_at: int = 0


@dataclass(slots=True)
class PartitionState(Generic[S]):
    """The fold of one partition of a log. Nothing else decides what comes next."""

    domain: S
    partition: int
    seq: int = 0
    """Records so far."""
    at: int = 0
    """The latest decision time, milliseconds."""
    checkpoint: int = -1
    """The enriched offset of the last record that has one."""
    last_input: Coordinates | None = None
    """The input of the record at the checkpoint."""
    inputs: dict[str, Mark] = field(default_factory=dict)
    seen: OrderedDict[tuple[int, UUID], None] = field(default_factory=OrderedDict)
    """Oldest first. Ordered, because a plain dict takes ever longer to find its first key once it has lost some."""
    policy: Any = None
    policy_hash: str = ""
    model: str = ""
    partitions: int = 0


@dataclass(frozen=True)
class Opening:
    """What the first record of a log fixes."""

    policy: BaseModel
    embedding_model: str
    partitions: int


class Machine(Generic[S]):
    """Drives the pure functions of one domain over the state of one partition."""

    def __init__(self, domain: Domain[S]) -> None:
        self.domain = domain

    def new(self, partition: int) -> PartitionState[S]:
        """The state of a partition whose log is empty."""
        return PartitionState(self.domain.new_state(), partition)

    def fold(self, state: PartitionState[S], record: Record) -> None:
        """Evolves the state by a record of the log."""
        for _ in self._folding(state, record):
            pass

    def replay(self, state: PartitionState[S], record: Record) -> list[Feed]:
        """Evolves the state by a record of the log; returns what was said in the feeds with it."""
        return [
            feed
            for given, outcome in self._folding(state, record)
            if given is not None
            for feed in self.domain.feeds(state.domain, given, outcome)
        ]

    def _folding(self, state: PartitionState[S], record: Record) -> Iterator[tuple[Given | None, Outcome]]:
        """Evolves the state by one outcome after the other, and by the record at the end; to be run to its end."""
        given = given_by(record)
        for outcome in record.outcomes:
            self._evolve(state, given, outcome)
            yield given, outcome
        self._advance(state, record, given)

    def open(self, state: PartitionState[S], opening: Opening, at: int) -> Decision:
        """The record that begins a log: the default policy, the embedding model and the partitions, fixed."""
        adopted = PolicyAdopted(
            policy=content(opening.policy),
            policy_hash=policy_hash(opening.policy),
            embedding_model=opening.embedding_model,
            partitions=opening.partitions,
        )
        record = Record(state.seq, max(at, state.at), adopted.policy_hash, (adopted,))
        self.fold(state, record)
        return Decision(record)

    def reconnect(self, state: PartitionState[S], topics: TopicsReconnected, at: int) -> Record:
        """The record after which other topics stand around the log."""
        record = Record(state.seq, max(at, state.at), state.policy_hash, (topics,))
        self.fold(state, record)
        return record

    def expect(self, state: PartitionState[S], coming: Iterable[tuple[Input, dict[str, Any]]]) -> None:
        """Tells the domain what is about to be decided: inputs with their events as parsed JSON."""
        told = [
            (event.get("shopid", 0), said.enrichment)
            for said, event in coming
            if isinstance(said, Enriched) and said.enrichment.vectors and said.enrichment.model == state.model
        ]
        if state.seq:
            self.domain.expect(state.domain, state.policy, told)

    def take(
        self, state: PartitionState[S], enriched_offset: int, message: Input, said: dict[str, Any]
    ) -> Decision | Repeat | Hole:
        """Decides one enriched message and evolves the state by the decision.

        `said` is the event in the message as parsed JSON.

        Raises:
            PartitionRefused: if this partition cannot go on.
        """
        at = message.input
        mark = state.inputs.get(at.topic) or Mark()
        last = message.last if isinstance(message, Absent) else at.offset
        if last < mark.next_offset:
            # What is absent stands nowhere: its time is that of the input that followed, which may be a later
            # one when the stretch is told again, and says nothing about the topic.
            if at.appended_at > mark.appended_at and not isinstance(message, Absent):
                raise InputRecreated(at)
            return Repeat()
        if at.offset > mark.next_offset:
            return Hole(mark.next_offset, at)
        return self.decide(state, enriched_offset, message, said)

    def decide(
        self, state: PartitionState[S], enriched_offset: int | None, message: Input, said: dict[str, Any]
    ) -> Decision:
        """Decides one message, which is known to be the next, and evolves the state by the decision.

        Raises:
            PartitionRefused: if this partition cannot go on.
        """
        now = max(message.input.appended_at, state.at)
        policy = state.policy_hash
        event, given = self._event(state, message, said, now)
        outcomes: list[Outcome] = []
        feeds: list[Feed] = []
        for outcome in self._outcomes(state, message, given):
            outcomes.append(outcome)
            self._evolve(state, given, outcome)
            if given is not None:
                feeds.extend(self.domain.feeds(state.domain, given, outcome))
        record = Record(
            seq=state.seq,
            at=now,
            policy=policy,
            outcomes=tuple(outcomes),
            input=message.input,
            last=message.last if isinstance(message, Absent) else None,
            enriched_offset=enriched_offset,
            event=event,
            raw=message.raw if isinstance(message, Enriched | Invalid) else b"",
            enrichment=message.enrichment if isinstance(message, Enriched) else NOTHING,
        )
        self._advance(state, record, given)
        if isinstance(message, Invalid):
            feeds.append(dead_letter(record, message))
        return Decision(record, tuple(feeds))

    def _event(
        self, state: PartitionState[S], message: Input, said: dict[str, Any], now: int
    ) -> tuple[Event[EventData] | None, Given | None]:
        if not isinstance(message, Enriched):
            return None, None
        model = message.enrichment.model
        if model and model != state.model:
            raise ForeignModel(message.input, model, state.model)
        try:
            event = event_from(said, self.domain.topics.types)
        except ValueError as error:
            raise UnknownEvent(message.input, str(error)) from error
        return event, Given(event, message.enrichment, from_ms(now))

    def _outcomes(self, state: PartitionState[S], message: Input, given: Given | None) -> Iterator[Outcome]:
        match message:
            case Invalid(reason=reason):
                yield DeadLettered(reason=reason)
            case Moved(home=home):
                yield InputMoved(home=home)
            case Absent(input=at, last=last):
                first = max(at.offset, (state.inputs.get(at.topic) or Mark()).next_offset)
                yield InputAbsent(topic=at.topic, first=first, last=last)
            case Enriched():
                assert given is not None
                yield from self._about(state, given)

    def _about(self, state: PartitionState[S], given: Given) -> Iterator[Outcome]:
        if event_key(given.event) in state.seen:
            yield DuplicateIgnored(shop_id=given.shop_id, event_id=given.event.id)
            return
        kind = type(given.data)
        if kind is control.PolicyAdopted:
            yield self._adopted(state, given.data)
        elif kind is control.RetentionAdvanced:
            yield RetentionAdvanced(before=given.data.before)
        elif kind is control.DeadLetterRetried:
            yield DeadLetterRetried(**dict(given.data))
        elif kind is control.DeadLetterDiscarded:
            yield DeadLetterDiscarded(**dict(given.data))
        yield from self.domain.decide(state.domain, state.policy, given)

    def _adopted(self, state: PartitionState[S], data: control.PolicyAdopted) -> Outcome:
        if data.embedding_model != state.model:
            reason = f"embedding_model is {data.embedding_model!r}, but this log's is {state.model!r}"
            return RequestRefused(reason=reason, entity="policy")
        try:
            policy = self.domain.policy.model_validate(data.policy)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            return RequestRefused(reason=f"{where}: {first['msg']}", entity="policy")
        return PolicyAdopted(
            policy=content(policy),
            policy_hash=policy_hash(policy),
            embedding_model=state.model,
            partitions=state.partitions,
            adopted_by=data.adopted_by,
        )

    def _evolve(self, state: PartitionState[S], given: Given | None, outcome: Outcome) -> None:
        # Of a model's instance pydantic takes long to say that it is not another's.
        if type(outcome) is PolicyAdopted:
            state.policy = self.domain.policy.model_validate(outcome.policy)
            state.policy_hash = outcome.policy_hash
            state.model = outcome.embedding_model
            state.partitions = outcome.partitions
        elif type(outcome) is TopicsReconnected:
            _reconnect(state, outcome)
        elif given is not None:
            self.domain.evolve(state.domain, given, outcome)

    def _advance(self, state: PartitionState[S], record: Record, given: Given | None) -> None:
        state.seq = record.seq + 1
        state.at = record.at
        if given is not None and not _is_repeat(record):
            self.domain.observe(state.domain, state.policy, given)
            state.seen[event_key(given.event)] = None
            if len(state.seen) > REMEMBERED:
                state.seen.popitem(last=False)
        if (at := record.input) is not None and record.enriched_offset is not None:
            mark = state.inputs.setdefault(at.topic, Mark())
            mark.next_offset = (record.last if record.last is not None else at.offset) + 1
            mark.appended_at = max(mark.appended_at, at.appended_at)
            state.checkpoint, state.last_input = record.enriched_offset, at


def _reconnect(state: PartitionState[Any], topics: TopicsReconnected) -> None:
    """Append times are kept: what the new topics hold of the old ones is known by them."""
    for topic, next_offset in topics.inputs.items():
        state.inputs.setdefault(topic, Mark()).next_offset = next_offset
    state.checkpoint, state.last_input = topics.enriched - 1, topics.last_input


def _is_repeat(record: Record) -> bool:
    return bool(record.outcomes) and type(record.outcomes[0]) is DuplicateIgnored


def dead_letter(record: Record, message: Invalid) -> Feed:
    """The dead letter of an input that could not be read: where it stood, why, and its bytes (base64)."""
    at = message.input
    said = {
        "input": coordinates_to_json(at),
        "reason": message.reason,
        "decided_at": record.decided_at.isoformat(),
        "raw": base64.b64encode(message.raw).decode("ascii"),
    }
    key = f"{at.topic}/{at.partition}/{at.offset}".encode()
    return Feed(DEAD_LETTERS.name, key, orjson.dumps(said))
