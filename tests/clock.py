"""A clock that goes on only when a test says so."""

from __future__ import annotations

from datetime import UTC, datetime


class StoppedClock:
    """Both of its times are `seconds`."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds

    def monotonic(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)
