"""How much memory processes take while time passes."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path
from statistics import mean

MEBI = 1024 * 1024
EVERY_SECONDS = 10.0
SETTLED_SECONDS = 180.0
"""Until then a process fills its caches."""
ENOUGH = 12
"""Samples of a settled process from which something can be said."""


def resident(pid: int) -> int:
    """Bytes of memory that a process and its children have; 0 if it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return 0
    own = next((int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")), 0)
    return 1024 * own + sum(resident(int(child)) for child in children)


class Memory:
    """Samples of each process, by its name and pid."""

    def __init__(self, pids: Callable[[], Mapping[str, int]]) -> None:
        self._pids = pids
        self._samples = defaultdict[tuple[str, int], list[tuple[float, int]]](list)

    async def watch(self) -> None:
        """Looks for ever."""
        while True:
            for name, pid in self._pids().items():
                if taken := resident(pid):
                    self._samples[name, pid].append((time.monotonic(), taken))
            await asyncio.sleep(EVERY_SECONDS)

    def growth(self) -> dict[str, tuple[float, float]]:
        """Mebibytes in the first and in the last third of the longest life of each name, once it had settled."""
        found = {}
        for (name, _), samples in sorted(self._samples.items(), key=lambda each: len(each[1])):
            settled = [taken / MEBI for at, taken in samples if at - samples[0][0] > SETTLED_SECONDS]
            if len(settled) >= ENOUGH:
                third = len(settled) // 3
                found[name] = mean(settled[:third]), mean(settled[-third:])
        return found
