"""The ports of a tree: the same at every start, unless somebody else has taken one."""

from __future__ import annotations

import socket
from collections.abc import Iterable
from pathlib import Path

import orjson

HOST = "127.0.0.1"


def choose(memory: Path, names: Iterable[str], base: int | None = None) -> dict[str, int]:
    """A port for each name: from `base` on, one after the other; else what the file remembers, if it is free."""
    if base is not None:
        return {name: base + number for number, name in enumerate(names)}
    known: dict[str, int] = orjson.loads(memory.read_bytes()) if memory.exists() else {}
    chosen: dict[str, int] = {}
    for name in names:
        chosen[name] = _free(known.get(name), taken=set(chosen.values()))
    memory.write_bytes(orjson.dumps(chosen))
    return chosen


def _free(preferred: int | None, taken: set[int]) -> int:
    """A port that nobody listens at: the preferred one if possible."""
    with socket.socket() as probe:
        # A server that has just ended does not hold its port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, preferred or 0))
        except OSError:
            return _free(None, taken)
        port = int(probe.getsockname()[1])
    return _free(None, taken) if port in taken else port
