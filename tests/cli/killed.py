"""Commands that are killed at any moment."""

from __future__ import annotations

import asyncio
import os
import sys

from runtime.settings import Settings


async def killed(settings: Settings, *words: str, after: float) -> bool:
    """Whether a command was killed, after so many seconds, before it ended by itself, and well."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", *words),
        env={**os.environ, **settings.environment()},
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await asyncio.wait_for(process.communicate(), after)
    except TimeoutError:
        process.kill()
        await process.wait()
        return True
    assert process.returncode == 0, said.decode()
    return False
