"""Parts in processes of their own, to be killed."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from runtime.fault import VARIABLE
from runtime.settings import Settings

ROOT = Path(__file__).parents[2]

POINTS = {
    "enricher": ("before-enrich", "before-write", "after-write", "before-acknowledge", "after-acknowledge"),
    "decider": (
        *("before-fold", "after-fold", "before-decide", "after-decide", "before-send", "after-send"),
        *("before-commit", "after-commit"),
    ),
    "projector": ("before-apply", "before-postgres-commit", "after-postgres-commit"),
}
"""Where each part can be told to die."""

ALIVE_SECONDS = 60.0
"""In this time a part must have come to the point at which it is to die."""

SENTENCE_SECONDS = 60.0
"""A part that cannot begin says so, and does not wait for better times."""


@asynccontextmanager
async def part(name: str, settings: Settings, fault: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """One part as `relearn NAME` runs it, killed at the end if it still lives."""
    env = {**os.environ, **settings.environment(), VARIABLE: fault, "PYTHONPATH": str(ROOT)}
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", "cli.main", name, env=env, cwd=ROOT)
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def dies(name: str, settings: Settings, point: str) -> None:
    """Runs a part until it dies at this point."""
    async with part(name, settings, point) as child, asyncio.timeout(ALIVE_SECONDS):
        status = await child.wait()
    assert status == -signal.SIGKILL, f"{name} ended with {status}, not at {point}"


async def ended(name: str, settings: Settings) -> str:
    """The sentence of a part that ends by itself, without success."""
    env = {**os.environ, **settings.environment(), "PYTHONPATH": str(ROOT)}
    words = (sys.executable, "-m", "cli.main", name)
    child = await asyncio.create_subprocess_exec(*words, env=env, cwd=ROOT, stderr=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(SENTENCE_SECONDS):
            _, said = await child.communicate()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert child.returncode == 1
    [sentence] = [line for line in said.decode().splitlines() if line.startswith("relearn: ")]
    return sentence


async def is_killed(name: str, settings: Settings, after: float) -> None:
    """Runs a part for so many seconds and kills it, wherever it is."""
    async with part(name, settings) as child:
        await asyncio.sleep(after)
        assert child.returncode is None, f"{name} ended by itself with {child.returncode}"


async def suffers(name: str, settings: Settings, chance: random.Random, *, starts: float) -> None:
    """Kills a part once: at one of its points, or, one time in three, at any moment.

    `starts`: how many seconds it takes to start, more or less. Something for it to do must be there.
    """
    if chance.random() < 1 / 3:
        await is_killed(name, settings, chance.uniform(0.5 * starts, 2 * starts))
    else:
        await dies(name, settings, chance.choice(POINTS[name]))
