"""Parts that run side by side end together, and a failure makes sure that they end at all."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from cli.lifetime import run_all


class Runs:
    """Runs until it is stopped, or fails at once."""

    def __init__(self, error: Exception | None = None) -> None:
        self._error = error
        self._over = asyncio.Event()

    async def run(self) -> None:
        if self._error is not None:
            raise self._error
        await self._over.wait()

    def stop(self) -> None:
        self._over.set()


async def test_the_failure_of_one_ends_all_and_is_told() -> None:
    failures: list[str] = []
    with pytest.raises(ValueError, match="broken"):
        await run_all([Runs(), Runs(ValueError("broken"))], lambda: failures.append("told"))
    assert failures == ["told"]


async def test_a_good_end_is_no_failure() -> None:
    failures: list[str] = []
    one, other = Runs(), Runs()
    task = asyncio.create_task(run_all([one, other], lambda: failures.append("told")))
    await asyncio.sleep(0)
    one.stop()
    other.stop()
    await task
    assert failures == []


STUCK = """
import asyncio, threading
from cli import lifetime
lifetime.ENDING_SECONDS = 0.1
class Fails:
    async def run(self): raise ValueError
    def stop(self): ...
class Hangs:
    async def run(self): await asyncio.to_thread(threading.Event().wait)
    def stop(self): ...
asyncio.run(lifetime.run_all([Hangs(), Fails()], lifetime.end_surely))
"""


def test_a_process_that_cannot_end_is_ended() -> None:
    assert subprocess.run([sys.executable, "-c", STUCK], timeout=30, check=False).returncode == 1
