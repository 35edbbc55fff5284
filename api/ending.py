"""How what runs on is ended."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol


class Runner(Protocol):
    """What runs until it is told to stop."""

    async def run(self) -> None: ...
    def stop(self) -> None: ...


async def until(over: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Runs the work until it ends, or until it is over: then it is cancelled, and has ended when this returns.

    Raises:
        What the work raises.
    """
    working, waiting = asyncio.ensure_future(work), asyncio.ensure_future(over.wait())
    try:
        done, _ = await asyncio.wait({working, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (working, waiting):
            each.cancel()
        await asyncio.gather(working, waiting, return_exceptions=True)
    if working in done:
        working.result()
