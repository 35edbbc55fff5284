"""What a JVM has learned about its classes, kept for the next one, which then starts in half the time.

A cache: Java ignores it when it is of another class path or another Java, and does without when there is none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

TRAINING = ".training"
"""Ends the name of a cache that is still being written, before the pid of who writes it."""


class AheadOfTime:
    """The cache of one class path, of this user. The first JVM that is told to learn writes it when it ends."""

    def __init__(self, java: Path, classes: str, folder: Path | None = None) -> None:
        """`folder` is where caches are kept; without it, the user's own."""
        known = f"{java}\n{java.stat().st_mtime_ns}\n{classes}"
        name = f"kafka-{hashlib.sha256(known.encode()).hexdigest()[:16]}.aot"
        self._cache = (folder or user_cache()) / name
        self._learned = self._cache.with_name(f"{name}{TRAINING}{os.getpid()}")
        self.learning = False
        """Whether a JVM was told to learn, so that it will need longer to end."""

    def options(self, *, learns: bool = False) -> Sequence[str]:
        """What to tell a JVM: to use what is known or, if nothing is, to learn it, unless another does already."""
        if self._cache.exists():
            return [f"-XX:AOTCache={self._cache}"]
        self.learning = learns and self._is_first()
        return [f"-XX:AOTCacheOutput={self._learned}"] if self.learning else []

    def ended(self, *, by_itself: bool) -> None:
        """The JVM has ended. If it learned, others use it from now on; if it was killed, half of it may be there."""
        if not self.learning:
            return
        self.learning = False
        if by_itself and self._learned.stat().st_size:
            self._learned.replace(self._cache)
        else:
            self._learned.unlink()

    def _is_first(self) -> bool:
        """Takes the turn to learn; who died without an end has lost his."""
        try:
            self._cache.parent.mkdir(parents=True, exist_ok=True)
            for other in self._cache.parent.glob(f"*{TRAINING}*"):
                if not _lives(other.name.rpartition(TRAINING)[2].partition(".")[0]):
                    other.unlink(missing_ok=True)
            if any(self._cache.parent.glob(f"{self._cache.name}{TRAINING}*")):
                return False
            self._learned.touch()
        except OSError:
            # A home that cannot be written to costs some seconds, and nothing else.
            return False
        return True


def user_cache() -> Path:
    """Where this user's programs keep what they can do without."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "relearn"


def _lives(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        pass
    return True
