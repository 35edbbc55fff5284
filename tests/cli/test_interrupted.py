"""Commands that build tables only to look, ended with Ctrl-C in the middle: nothing of them is left."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from cli.replaying import INTERRUPTED
from tests.cli.replayed import Replayed

BEGUN_SECONDS = 60.0


@pytest.mark.parametrize(
    "words",
    [
        ("verify",),
        ("as-of", "0:300", "--sql", "SELECT count(*) FROM learning_queue"),
        ("as-of", "0:300", "--keep", "learning_kept"),
        ("diff", "0:100", "0:300"),
    ],
)
async def test_nothing_is_left(looked_at: Replayed, words: tuple[str, ...]) -> None:
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", *words, "--domain", "learning"),
        env={**os.environ, **looked_at.settings.environment()},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(BEGUN_SECONDS):
            while await looked_at.schemas() == ["learning"]:
                assert child.returncode is None, "it was to be interrupted while its tables are there"
                await asyncio.sleep(0.01)
        child.send_signal(signal.SIGINT)
        assert await child.wait() == INTERRUPTED
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    assert await looked_at.schemas() == ["learning"]
