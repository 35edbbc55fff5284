"""From enriched messages to what a transaction publishes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import structlog
from aiokafka import ConsumerRecord

from runtime.tracing import carried
from schemas.enriched import Input
from schemas.keys import key_of
from schemas.record import Record, RecordCodec
from schemas.topics import DEAD_LETTERS
from streams.domain import Domain
from streams.enriched import UnreadableMessage, decode
from streams.partition import Decision, Hole, Machine, Opening, PartitionRefused, PartitionState, Repeat
from streams.status import Meters
from streams.writer import Outbox

S = TypeVar("S")

log = structlog.get_logger(__name__)


class TooLarge(PartitionRefused):
    def __init__(self, record: Record, topic: str, size: int, most: int) -> None:
        at = record.input
        about = "the opening" if at is None else f"{at.topic}[{at.partition}] {at.offset}"
        super().__init__(
            f"what was decided about {about} has {size:,} bytes for {topic}, which takes {most:,}. "
            f"Nothing so large should ever be decided: this version has an error."
        )


class Intake(Generic[S]):
    """Decides the enriched messages of one partition, and knows which input is missing."""

    def __init__(
        self,
        machine: Machine[S],
        codec: RecordCodec,
        opening: Opening,
        meters: Meters,
        state: PartitionState[S],
    ) -> None:
        """`state` is changed by what is decided, and may be replaced by that of an opened log."""
        self._machine, self._codec = machine, codec
        self._opening, self._meters = opening, meters
        self.state = state
        self._holes: dict[str, Hole] = {}
        self._read: dict[int, tuple[Input, dict[str, Any]]] = {}
        self._log_topic = machine.domain.topics.log.name
        self._most = _limits(machine.domain)

    @property
    def missing(self) -> str:
        """A sentence about each input that has to come before others can be decided; empty if none is missing."""
        return " ".join(map(str, self._holes.values()))

    def expect(self, messages: Sequence[ConsumerRecord]) -> None:
        """Reads a batch and tells the domain of it, before its messages are taken one by one.

        To be called in a thread, while nothing else touches the state.
        """
        self._read.clear()
        for message in messages:
            try:
                self._read[message.offset] = decode(message)
            except UnreadableMessage:
                # It ends the batch when its turn has come.
                break
        self._machine.expect(self.state, self._read.values())

    def take(self, message: ConsumerRecord, outbox: Outbox) -> None:
        """Decides one message, and puts what follows into the outbox: the record, feeds, a dead letter.

        Raises:
            PartitionRefused: if the partition cannot go on. Nothing was put, and the state is of no more use.
        """
        known = self._read.pop(message.offset) if message.offset in self._read else None
        said, event = known or decode(message)
        found = self._found(message.offset, said, event)
        match found[-1]:
            case Decision():
                self._close_hole(said.input.topic)
            case Hole() as hole:
                self._pass_over(hole)
            case Repeat():
                self._meters.repeated(self.state.partition)
        decisions = [each for each in found if isinstance(each, Decision)]
        published = [each for decision in decisions for each in self._said(decision)]
        for each in published:
            outbox.add(*each)
        if isinstance(found[-1], Decision):
            # What is decided about the message joins its trace; what opened the log before it does not.
            outbox.trace(self._log_topic, carried(message.headers))
        outbox.records += [decision.record for decision in decisions]

    def _found(self, offset: int, said: Input, event: dict[str, Any]) -> Sequence[Decision | Repeat | Hole]:
        """What is decided; before a log's first decision stands the one that opens it."""
        if self.state.seq:
            return [self._machine.take(self.state, offset, said, event)]
        # On a state of its own: a log is not opened for an input that cannot be decided.
        state = self._machine.new(self.state.partition)
        opened = self._machine.open(state, self._opening, said.input.appended_at)
        found = self._machine.take(state, offset, said, event)
        if not isinstance(found, Decision):
            return [found]
        self.state = state
        return [opened, found]

    def _said(self, decision: Decision) -> Iterator[tuple[str, bytes | None, bytes | None]]:
        record = decision.record
        key = None if record.event is None else key_of(record.event)
        yield self._checked(record, self._log_topic, key, self._codec.encode(record))
        for feed in decision.feeds:
            yield self._checked(record, feed.topic, feed.key, feed.value)

    def _checked(
        self, record: Record, topic: str, key: bytes | None, value: bytes | None
    ) -> tuple[str, bytes | None, bytes | None]:
        size = len(key or b"") + len(value or b"")
        if size > self._most[topic]:
            raise TooLarge(record, topic, size, self._most[topic])
        return topic, key, value

    def _close_hole(self, topic: str) -> None:
        if (hole := self._holes.pop(topic, None)) is not None:
            log.info("the missing input has come", topic=topic, offset=hole.expected)

    def _pass_over(self, hole: Hole) -> None:
        """Remembers the hole, and says so once: very many messages may follow it."""
        self._meters.passed_over(self.state.partition)
        if hole.found.topic not in self._holes:
            self._holes[hole.found.topic] = hole
            log.warning("partition is waiting", partition=self.state.partition, reason=str(hole))


def _limits(domain: Domain[Any]) -> Mapping[str, int]:
    """The largest message of each topic that a decider writes."""
    return {t.name: t.max_bytes for t in (domain.topics.log, *domain.topics.feeds, DEAD_LETTERS)}
