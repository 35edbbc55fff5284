"""How long a command that runs on lives: until Ctrl-C or SIGTERM, and then it ends in good order."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

SIGNALS = (signal.SIGINT, signal.SIGTERM)

ENDING_SECONDS = 60.0
"""How long a process that has failed may take to end in good order."""


class Runner(Protocol):
    """A part that runs until it is told to stop, and finishes what it has in hand."""

    async def run(self) -> None: ...
    def stop(self) -> None: ...


@contextmanager
def on_signal(do: Callable[[], object]) -> Iterator[None]:
    """Does this at each Ctrl-C or SIGTERM, for as long as the block lasts."""
    loop = asyncio.get_running_loop()
    for each in SIGNALS:
        loop.add_signal_handler(each, do)
    try:
        yield
    finally:
        for each in SIGNALS:
            loop.remove_signal_handler(each)


async def until_told(work: Coroutine[Any, Any, None]) -> None:
    """Runs the work until it ends; a signal cancels it, and what it does then to end well is awaited."""
    task = asyncio.ensure_future(work)
    told = asyncio.Event()

    def cancel() -> None:
        told.set()
        task.cancel()

    with on_signal(cancel):
        try:
            await task
        except asyncio.CancelledError:
            if not told.is_set():
                raise


def end_surely() -> None:
    """Ends this process after some time, for a part that has stalled may not even be able to stop."""
    timer = threading.Timer(ENDING_SECONDS, os._exit, (1,))
    timer.daemon = True
    timer.start()


async def run_all(runners: Sequence[Runner], on_failure: Callable[[], None]) -> None:
    """Runs parts side by side; a signal stops all, and so does the failure of one, which is raised."""

    def stop() -> None:
        for runner in runners:
            runner.stop()

    with on_signal(stop):
        tasks = [asyncio.ensure_future(runner.run()) for runner in runners]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        if any(task.exception() for task in done):
            on_failure()
        stop()
        await asyncio.gather(*tasks)
