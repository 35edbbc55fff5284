"""Orders a batch's changes into few statements, so that the tables are as if each had come alone."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from projections.change import Change, Key, Row, Statement


@dataclass(slots=True)
class Wave:
    """One execution of one statement for many rows."""

    statement: Statement
    rows: list[Row] = field(default_factory=list)


class Place(NamedTuple):
    """Where a key was written last. `together`: all keys that this row writes."""

    wave: int
    row: int
    together: tuple[Key, ...]


NOWHERE = Place(-1, -1, ())


class Schedule:
    """Takes changes in their order and lays each into the earliest wave of its statement that keeps it."""

    def __init__(self) -> None:
        self.waves: list[Wave] = []
        self._of: dict[Statement, list[int]] = {}
        self._written: dict[Key, Place] = {}
        self._read: dict[Key, int] = {}

    def add(self, change: Change) -> None:
        """Schedules the next change."""
        statement, row, writes, reads = change
        if statement.merge is not None and self._merged(change):
            return
        number = self._wave(statement, self._earliest(writes, reads))
        rows = self.waves[number].rows
        if writes:
            place = Place(number, len(rows), writes)
            for key in writes:
                self._written[key] = place
        self._note_reads(reads, number)
        rows.append(row)

    def _earliest(self, writes: tuple[Key, ...], reads: tuple[Key, ...]) -> int:
        last = -1
        written, read = self._written, self._read
        for key in writes:
            last = max(last, written.get(key, NOWHERE).wave, read.get(key, -1))
        for key in reads:
            last = max(last, written.get(key, NOWHERE).wave)
        return last + 1

    def _wave(self, statement: Statement, earliest: int) -> int:
        """The number of the first wave of this statement from `earliest` on; a new one if there is none."""
        numbers = self._of.setdefault(statement, [])
        place = bisect_left(numbers, earliest)
        if place < len(numbers):
            return numbers[place]
        numbers.append(len(self.waves))
        self.waves.append(Wave(statement))
        return numbers[-1]

    def _note_reads(self, reads: tuple[Key, ...], number: int) -> None:
        read = self._read
        for key in reads:
            if read.get(key, -1) < number:
                read[key] = number

    def _merged(self, change: Change) -> bool:
        """Merges the change into the row that wrote the same keys last, if nothing came between them."""
        statement, row, writes, reads = change
        place = self._written.get(writes[0], NOWHERE) if writes else NOWHERE
        if place.wave < 0 or place.together != writes or not self._is_last(place, writes):
            return False
        wave = self.waves[place.wave]
        if wave.statement is not statement or statement.merge is None:
            return False
        earlier = wave.rows[place.row]
        merged = statement.merge(earlier, row)
        if merged is earlier:
            return True
        if not self._stands(place.wave, writes, reads):
            return False
        wave.rows[place.row] = merged
        self._note_reads(reads, place.wave)
        return True

    def _is_last(self, place: Place, writes: tuple[Key, ...]) -> bool:
        return all(self._written.get(key) is place for key in writes)

    def _stands(self, number: int, writes: tuple[Key, ...], reads: tuple[Key, ...]) -> bool:
        """Whether a later row may stand in this wave: nobody read its keys since, nor wrote what it reads."""
        read, written = self._read, self._written
        return all(read.get(key, -1) < number for key in writes) and all(
            written.get(key, NOWHERE).wave < number for key in reads
        )


def waves(changes: Iterable[Change]) -> list[Wave]:
    """The statements to execute, in order."""
    schedule = Schedule()
    for change in changes:
        schedule.add(change)
    return schedule.waves
