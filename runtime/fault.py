"""Points at which a test can end a process, to show that nothing is lost there."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from typing import Self

VARIABLE = "RELEARN_FAULT"


class Faults:
    """Ends this process at one named point, or nowhere.

    Told by `RELEARN_FAULT=after-send`, or `after-send:3` for the third time that it comes there.
    """

    def __init__(self, told: str = "") -> None:
        self._point, _, count = told.partition(":")
        self._left = int(count or 1)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """What this process was told."""
        return cls(environment.get(VARIABLE, ""))

    def __call__(self, point: str) -> None:
        """Does nothing, unless the process is to end here: then it dies as by `kill -9`."""
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
