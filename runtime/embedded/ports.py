"""Ports that are free now, and that no client's connection takes before a server listens there."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Collection, Iterator

HOST = "127.0.0.1"

RANGE = range(20_000, 32_768)
"""Below what Linux, macOS and Windows give to outgoing connections (from 32768 or 49152 on).

A client that tries again and again to reach a server that is still starting could even be connected with itself
there, and so take the server's port.
"""


class NoPortFree(Exception):
    """Every port that may be chosen is in use on this machine."""


def free_port(preferred: int | None = None, taken: Collection[int] = ()) -> int:
    """A port that nobody listens at and that is not `taken`: the preferred one if possible.

    Raises:
        NoPortFree: if there is none.
    """
    for port in _candidates(preferred):
        if port not in taken and _is_free(port):
            return port
    raise NoPortFree(f"no port between {RANGE.start} and {RANGE.stop - 1} is free on this machine")


def _candidates(preferred: int | None) -> Iterator[int]:
    """From anywhere on, so that those who choose at the same time choose differently."""
    if preferred is not None:
        yield preferred
    first = secrets.randbelow(len(RANGE))
    yield from (*RANGE[first:], *RANGE[:first])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # A server that has just ended does not hold its port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
