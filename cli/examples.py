"""A valid sample line of every type of event: the golden examples, with a new id and the present time."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import orjson

from cli.failure import Failed
from schemas.examples import example_of
from schemas.topics import DOMAINS


def known_type(name: str) -> str:
    """The full type of this name, of which `relearn.` and the version may be left out: then it is the newest.

    Raises:
        Failed: naming those there are.
    """
    full = f"relearn.{name.removeprefix('relearn.')}"
    domains = DOMAINS.values()
    if (kind := next((d.newest[full] for d in domains if full in d.newest), None)) is not None:
        return kind.TYPE
    types = {known for domain in domains for known in domain.types}
    if full not in types:
        raise Failed(f"there is no type {name!r}; known: {', '.join(sorted(types))}")
    return full


def sample(name: str, event_id: UUID, now: datetime) -> str:
    """One line of JSON: a valid event of this type."""
    return orjson.dumps(example_of(known_type(name), event_id, now)).decode()
