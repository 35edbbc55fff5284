"""The command, as tests run it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from typer.testing import CliRunner

from cli.main import app


async def relearn(*words: str, env: Mapping[str, str], stdin: bytes | None = None) -> Any:
    """What one command gives; it runs in a thread, since it has an event loop of its own."""
    return await asyncio.to_thread(CliRunner().invoke, app, list(words), env=dict(env), input=stdin)
