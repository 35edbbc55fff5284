"""Feeds bytes of atheris's own invention to whatever reads messages. Arguments are libFuzzer's."""

from __future__ import annotations

import sys
from contextlib import suppress

import atheris

with atheris.instrument_imports(include=["schemas", "streams.enrichment.check"]):
    from schemas import codec, enriched
    from schemas.enriched import Invalid
    from schemas.failures import InvalidEvent
    from schemas.learning import OUTCOMES
    from schemas.record import RecordCodec
    from schemas.topics import LEARNING
    from streams.enrichment.check import Check, RawInput

RECORDS = RecordCodec(LEARNING.types, OUTCOMES)
CHECK = Check(LEARNING, 4)


def read(data: bytes) -> None:
    """Anything but a declared refusal ends the process."""
    with suppress(InvalidEvent):
        event = codec.decode(data, LEARNING.types)
        assert codec.decode(codec.encode(event), LEARNING.types) == event
    found = CHECK(RawInput("learning.events", 0, 0, 1_780_000_000_000, None, data))
    assert not isinstance(found, Invalid) or found.reason.isprintable()
    for reader in (enriched.decode, RECORDS.decode):
        with suppress(ValueError):
            reader(data)


if __name__ == "__main__":
    atheris.Setup(sys.argv, read)
    atheris.Fuzz()
