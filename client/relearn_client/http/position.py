"""What one's own writes moved the tables to, so that reads show no older state."""

from __future__ import annotations

import re
from collections.abc import Callable
from threading import Lock

HEADER = "Relearn-Position"
EACH = re.compile(r"\s*([a-z]+:\d+)=(\d+)\s*")

KEPT_SECONDS = 60.0
"""What was written longer ago is shown since long, or stood in a log that another generation has replaced."""


class Remembered:
    """The furthest position of each partition that answers have told, from any thread."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._offsets: dict[str, tuple[int, float]] = {}
        self._lock = Lock()

    def take(self, said: str) -> None:
        """Remembers a position as the API writes it: `learning:0=18,learning:3=7`."""
        found = [one for each in said.split(",") if (one := EACH.fullmatch(each)) is not None]
        with self._lock:
            self._forget()
            for one in found:
                known, offset = self._offsets.get(one[1]), int(one[2])
                if known is None or known[0] <= offset:
                    self._offsets[one[1]] = offset, self._monotonic()

    def told(self) -> str | None:
        """All of it, as the API reads it; None if nothing was written lately."""
        with self._lock:
            self._forget()
            said = ",".join(f"{name}={offset}" for name, (offset, _) in sorted(self._offsets.items()))
        return said or None

    def _forget(self) -> None:
        oldest = self._monotonic() - KEPT_SECONDS
        self._offsets = {name: each for name, each in self._offsets.items() if each[1] > oldest}
