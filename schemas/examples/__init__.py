"""Golden examples: one folder for each type and version. What was valid once is valid for ever."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from importlib.resources import files
from typing import Any
from uuid import UUID

import orjson


def examples_of(event_type: str) -> Mapping[str, bytes]:
    """The examples of this type by name, in the order of their names, as they stand in their files.

    Raises:
        KeyError: if the type has none.
    """
    stem, _, version = event_type.removeprefix("relearn.").rpartition(".")
    folder = files(__package__).joinpath(stem, version)
    if not (stem and folder.is_dir()):
        raise KeyError(f"no examples of {event_type!r}")
    found = {f.name.removesuffix(".json"): f for f in folder.iterdir() if f.name.endswith(".json")}
    return {name: found[name].read_bytes() for name in sorted(found)}


def example_of(event_type: str, event_id: UUID, time: datetime) -> dict[str, Any]:
    """The first example of this type as a CloudEvents object, with this id and time.

    Raises:
        KeyError: if the type has none.
    """
    first: dict[str, Any] = orjson.loads(next(iter(examples_of(event_type).values())))
    return first | {"id": str(event_id), "time": time.isoformat()}
