"""What waits to be sent: bounded, never waited for, filled from any thread."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from threading import Lock

from relearn_client.envelope import Message
from relearn_client.warning import warn

log = logging.getLogger(__name__)


class Buffer:
    """Messages in the order in which they came; when full, or closed, what comes is dropped and counted.

    Drops are logged once when they begin, and once more, with their number, when all that waited was taken.
    """

    def __init__(self, capacity: int, capacity_bytes: int) -> None:
        self._capacity = capacity
        self._capacity_bytes = capacity_bytes
        self._waiting: deque[Message] = deque()
        self._bytes = 0
        self._burst = 0
        self._closed = False
        self._lock = Lock()
        self._arrived = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def is_done(self) -> bool:
        """Whether it is closed and everything was taken."""
        return self._closed and not self._waiting

    def put(self, message: Message) -> None:
        """Keeps the message, or drops it."""
        with self._lock:
            kept = self._has_room(message)
            if kept:
                self._waiting.append(message)
                self._bytes += len(message.value)
            else:
                self.dropped += 1
                self._burst += 1
            first_drop = not kept and self._burst == 1
        if kept:
            self._wake()
        elif first_drop:
            warn(log, "telemetry is dropped: %s", "closed" if self._closed else "the buffer is full")

    async def take(self, most: int) -> list[Message]:
        """Waits for messages and removes so many at most; none only when closed and empty. For one taker."""
        self._loop = asyncio.get_running_loop()
        while not self._waiting and not self._closed:
            self._arrived.clear()
            # What came between the look and the clearing has set nothing that is left.
            if not self._waiting and not self._closed:
                await self._arrived.wait()
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
            self._bytes -= sum(len(message.value) for message in taken)
            burst = 0 if self._waiting else self._burst
            self._burst -= burst
        if burst:
            warn(log, "%d telemetry events were dropped", burst)
        return taken

    def close(self) -> None:
        """From now on nothing is kept; what waits can still be taken."""
        self._closed = True
        self._wake()

    def discard(self, also: int = 0) -> int:
        """Drops all that waits, and counts so many that were taken in vain; returns how many these are."""
        with self._lock:
            lost = len(self._waiting) + also
            self._waiting.clear()
            self._bytes = 0
            self.dropped += lost
        return lost

    def _has_room(self, message: Message) -> bool:
        fits = (
            len(self._waiting) < self._capacity and self._bytes + len(message.value) <= self._capacity_bytes
        )
        return fits and not self._closed

    def _wake(self) -> None:
        if self._loop is not None and not self._arrived.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._arrived.set)
