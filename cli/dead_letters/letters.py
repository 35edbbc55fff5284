"""Dead letters as the log of a domain tells of them: what died, and what was done about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from cli.dead_letters.glimpse import Glimpse, glimpse
from schemas.control import Place
from schemas.enriched import Coordinates
from schemas.outcome import DeadLettered, DeadLetterHandled, DeadLetterRetried
from schemas.record import Record

State = Literal["open", "waiting", "decided", "dead again", "discarded"]
"""`waiting`, `decided` and `dead again` are what became of a retry."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What somebody did about a dead letter. `appended`: where it was sent again; None if it was discarded."""

    by: str
    at: datetime
    reason: str | None
    appended: Place | None


@dataclass(slots=True)
class Letter:
    """An input that could not be decided. `raw` is empty where nobody asked for it."""

    input: Coordinates
    reason: str
    decided_at: datetime
    log_offset: int
    size: int
    seen: Glimpse
    raw: bytes = b""
    deeds: list[Deed] = field(default_factory=list)

    @property
    def place(self) -> Place:
        """By what it is called."""
        return place_of(self.input)

    @property
    def sent(self) -> tuple[int, str, int, int]:
        """In this order inputs were first sent, as far as brokers tell."""
        at = self.input
        return at.appended_at, at.topic, at.partition, at.offset


def place_of(at: Coordinates) -> Place:
    """The same place, as outcomes name it."""
    return Place(topic=at.topic, partition=at.partition, offset=at.offset)


class Letters:
    """The dead letters of one domain, folded from the partitions of its log in any order."""

    def __init__(self, keeps: Callable[[Letter], bool] = lambda letter: False) -> None:
        """`keeps`: of which letters the bytes are wanted."""
        self._keeps = keeps
        self._letters: list[Letter] = []
        self._latest: dict[Place, Letter] = {}
        self._from: dict[Place, Letter] = {}
        self._ends: Mapping[tuple[str, int], int] = {}

    def hear(self, log_offset: int, record: Record) -> None:
        """Takes note of a record; those of a partition come in their order."""
        for outcome in record.outcomes:
            match outcome:
                case DeadLettered(reason=reason):
                    self._died(log_offset, record, reason)
                case DeadLetterHandled():
                    self._handled(outcome, record.decided_at)

    def decided_to(self, ends: Mapping[tuple[str, int], int]) -> None:
        """Takes note of the first offset that is not decided, by input topic and partition."""
        self._ends = ends

    def _died(self, log_offset: int, record: Record, reason: str) -> None:
        assert record.input is not None, "what died stood somewhere"
        raw = record.raw
        letter = Letter(record.input, reason, record.decided_at, log_offset, len(raw), glimpse(raw))
        if self._keeps(letter):
            letter.raw = raw
        self._letters.append(letter)
        # Topics that were made anew have the same places again: who names one means the later letter.
        self._latest[letter.place] = letter

    def _handled(self, outcome: DeadLetterHandled, at: datetime) -> None:
        place = Place(topic=outcome.topic, partition=outcome.partition, offset=outcome.offset)
        # Whoever may write to the topic may name a place at which nothing died: the audit has it.
        if (letter := self._latest.get(place)) is not None:
            appended = outcome.appended if isinstance(outcome, DeadLetterRetried) else None
            letter.deeds.append(Deed(outcome.by, at, outcome.reason, appended))
            if appended is not None:
                self._from[appended] = letter

    def __iter__(self) -> Iterator[Letter]:
        yield from self._letters

    def at(self, place: Place) -> Letter | None:
        """The letter of this name."""
        return self._latest.get(place)

    def retry_of(self, letter: Letter) -> Letter | None:
        """The dead letter that was sent again as this one."""
        return self._from.get(letter.place)

    def tries(self, letter: Letter) -> int:
        """How often it had been sent again before it died here, and has been since."""
        count, before = sum(deed.appended is not None for deed in letter.deeds), self.retry_of(letter)
        while before is not None:
            count, before = count + 1, self.retry_of(before)
        return count

    def state(self, letter: Letter) -> State:
        """How it stands with a letter: its last deed decides."""
        if not letter.deeds:
            return "open"
        if (again := letter.deeds[-1].appended) is None:
            return "discarded"
        if again in self._latest:
            return "dead again"
        decided = self._ends.get((again.topic, again.partition), 0)
        return "decided" if again.offset < decided else "waiting"
