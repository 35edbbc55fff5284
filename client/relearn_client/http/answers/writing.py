"""What became of what was written."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from pydantic import ConfigDict

from relearn_client.http.answers.told import Told
from relearn_client.http.problems import Fault


class Position(Told):
    """Where an event stands in its topic."""

    topic: str
    partition: int
    offset: int


class Place(Told):
    """Where a record stands in the decision log."""

    partition: int
    offset: int


class Outcome(Told):
    """One thing decided; beside these fields those of its kind, as attributes (`outcome.item_id`)."""

    model_config = ConfigDict(extra="allow")

    kind: str
    shop_id: int = 0


class Accepted(Told):
    """The event is durable. It will be decided; nobody has waited for it, or not long enough."""

    event_id: UUID
    position: Position


class Decided(Accepted):
    """The event is decided, and what follows from it is in the tables."""

    record: Place
    refused: str | None
    """Why the whole request came to nothing; None if anything was decided."""
    outcomes: tuple[Outcome, ...]


class BadLine(Told):
    """An entry that cannot be read; the others are imported."""

    line: int
    """Its number among all entries of the import, from 1."""
    detail: str
    errors: tuple[Fault, ...] = ()


class Imported(Told):
    """How far an import is."""

    done: int
    """Entries that are visible."""
    counts: Mapping[str, int]
    """What became of them, in words; `refused` are those that cannot be read."""
    bad_lines: tuple[BadLine, ...]
    """Those of this lot alone."""
