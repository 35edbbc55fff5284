"""The key with which the owner of a tree calls its API: made once, and kept in the tree's folder."""

from __future__ import annotations

from pathlib import Path

from cli.keys import minted
from runtime.clock import Clock
from runtime.keys import put_key
from runtime.settings import Settings

FILE = "admin.key"
NAME = "relearn up"


async def admin_key(folder: Path, settings: Settings, clock: Clock) -> str:
    """The secret, for its owner's eyes only. Its topic must be there."""
    file = folder / FILE
    if not file.exists():
        key, secret = minted("admin", None, NAME, clock.now())
        await put_key(settings, key)
        new = file.with_suffix(".new")
        new.touch(mode=0o600)
        new.write_text(secret)
        new.replace(file)
    return file.read_text()
