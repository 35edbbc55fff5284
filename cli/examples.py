"""A valid sample line of every type of event: the golden examples, with a new id and the present time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import orjson

from cli.failure import Failed
from runtime.appender import every_type
from schemas.examples import example_of


def known_type(name: str) -> str:
    """The full type of this name, of which `relearn.` and the version may be left out.

    Raises:
        Failed: naming those there are.
    """
    types = every_type()
    matches = [t for t in types if name in (t, t.removeprefix("relearn."), _stem(t))]
    if len(matches) != 1:
        raise Failed(f"there is no type {name!r}; known: {', '.join(sorted(types))}")
    return matches[0]


def _stem(event_type: str) -> str:
    """`feedback.given` of `relearn.feedback.given.v1`."""
    return event_type.removeprefix("relearn.").rpartition(".")[0]


def sample(name: str, event_id: UUID, now: datetime) -> str:
    """One line of JSON: a valid event of this type."""
    return orjson.dumps(example_of(known_type(name), event_id, now)).decode()
