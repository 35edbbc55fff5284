"""The ports of a tree: the same at every start, unless somebody else has taken one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import orjson

from runtime.embedded.ports import free_port


def choose(memory: Path, names: Sequence[str], base: int | None = None) -> dict[str, int]:
    """A port for each name: from `base` on, one after the other; else what the file remembers, if it is free.

    Raises:
        NoPortFree: if there are not enough.
    """
    if base is not None:
        return {name: base + number for number, name in enumerate(names)}
    known: dict[str, int] = orjson.loads(memory.read_bytes()) if memory.exists() else {}
    chosen: dict[str, int] = {}
    for name in names:
        others = {known[other] for other in names if other in known and other != name}
        chosen[name] = free_port(known.get(name), others | {*chosen.values()})
    memory.write_bytes(orjson.dumps(chosen))
    return chosen
