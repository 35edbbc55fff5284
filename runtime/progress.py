"""How long what is to be done has been waiting, and since when nothing has moved."""

from __future__ import annotations

from runtime.clock import Clock

STALLED_SECONDS = 30.0
"""Whoever has something to do and does nothing for so long is not ready."""


class Progress:
    """Told of each step, and of each moment at which there was nothing to do."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._moved = clock.monotonic()
        self._reached = clock.now().timestamp()

    def moved(self, appended_at: int | None = None) -> None:
        """Something is done; what was appended until `appended_at` (milliseconds) waits no more."""
        self._moved = self._clock.monotonic()
        if appended_at is not None:
            self._reached = appended_at / 1000

    def rested(self) -> None:
        """There was nothing to do just now."""
        self._moved = self._clock.monotonic()
        self._reached = self._clock.now().timestamp()

    @property
    def idle_seconds(self) -> float:
        """Since the last step, or the last moment without anything to do."""
        return self._clock.monotonic() - self._moved

    @property
    def waiting_seconds(self) -> float:
        """How long the oldest of what waits can have been waiting, by the brokers' append times."""
        return max(0.0, self._clock.now().timestamp() - self._reached)
