"""A record of a decision log: one input, verbatim, and everything that was decided about it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import Field, TypeAdapter

from schemas.codec import event_from
from schemas.enriched import (
    NOTHING,
    Coordinates,
    Enrichment,
    coordinates_from_json,
    coordinates_to_json,
    enrichment_from_json,
    enrichment_to_json,
    event_in,
    whole,
    with_event,
)
from schemas.event import Event, EventData
from schemas.outcome import Outcome
from schemas.value import value

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=1_000)
def from_ms(ms: int) -> datetime:
    """Milliseconds since 1970 as an instant in UTC, exactly."""
    return EPOCH + timedelta(milliseconds=ms)


@value
class Record:
    """What stands in the log. `seq` counts a partition's records from 0.

    `at` is the decision time (milliseconds). `event` is None for what could not be read; then `raw` may hold
    the bytes that were sent. The record that opens a log has no `input`.
    """

    seq: int
    at: int
    policy: str
    outcomes: tuple[Outcome, ...]
    input: Coordinates | None = None
    last: int | None = None
    """The last input offset that this record covers, where it covers several (absent ones)."""
    enriched_offset: int | None = None
    event: Event[EventData] | None = None
    raw: bytes = b""
    enrichment: Enrichment = NOTHING

    @property
    def decided_at(self) -> datetime:
        return from_ms(self.at)

    @property
    def shop_id(self) -> int:
        return self.event.shop_id if self.event else 0

    @property
    def event_id(self) -> UUID | None:
        return self.event.id if self.event else None


@dataclass(frozen=True)
class RecordCodec:
    """Writes and reads the records of one domain."""

    events: Mapping[str, type[EventData]]
    outcomes: Sequence[type[Outcome]]

    @cached_property
    def _outcomes(self) -> TypeAdapter[tuple[Outcome, ...]]:
        union: Any = self.outcomes[0]
        for kind in self.outcomes[1:]:
            union = union | kind
        return TypeAdapter(tuple[Annotated[union, Field(discriminator="kind")], ...])

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema of the outcomes of this domain's records."""
        return self._outcomes.json_schema(mode="serialization")

    def encode(self, record: Record) -> bytes:
        """The record as one message's value. It ends with the event, byte for byte."""
        said: dict[str, Any] = {
            "seq": record.seq,
            "at": record.at,
            "policy": record.policy,
            "outcomes": [_written(outcome) for outcome in record.outcomes],
        }
        if record.input is not None:
            said["input"] = coordinates_to_json(record.input)
        if record.last is not None:
            said["last"] = record.last
        if record.enriched_offset is not None:
            said["enriched_offset"] = record.enriched_offset
        if computed := enrichment_to_json(record.enrichment):
            said["enrichment"] = computed
        if record.event is not None:
            return with_event(said, record.raw)
        if record.raw:
            said["raw"] = base64.b64encode(record.raw).decode("ascii")
        return orjson.dumps(said)

    def decode(self, raw: bytes) -> Record:
        """The record in these bytes.

        Raises:
            ValueError: if they hold none that this version can read.
        """
        try:
            said = orjson.loads(raw)
            given = said.get("event")
            return Record(
                seq=whole(said["seq"]),
                at=whole(said["at"]),
                policy=said["policy"],
                outcomes=self._outcomes.validate_python(said["outcomes"]),
                input=coordinates_from_json(said["input"]) if "input" in said else None,
                last=said.get("last"),
                enriched_offset=said.get("enriched_offset"),
                event=None if given is None else event_from(given, self.events),
                raw=event_in(raw) if given is not None else base64.b64decode(said.get("raw", "")),
                enrichment=enrichment_from_json(said.get("enrichment", {})),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"not a record: {error!r}") from error


def _written(outcome: Outcome) -> orjson.Fragment:
    """The outcome as JSON. `model_dump_json` would make a text of the bytes first, and takes long to ask for it."""
    return orjson.Fragment(outcome.__pydantic_serializer__.to_json(outcome, exclude_none=True))
