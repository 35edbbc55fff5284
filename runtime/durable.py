"""Files that are there whole or not at all, whenever the machine stops."""

from __future__ import annotations

import os
from pathlib import Path

PARTIAL = ".partial"
"""Ends the name of a file that is still being written."""


def write_whole(path: Path, content: bytes) -> None:
    """Replaces a file by this content.

    Raises:
        OSError: if it cannot be written; what was there before is still there.
    """
    partial = path.with_name(path.name + PARTIAL)
    partial.write_bytes(content)
    put(partial, path)


def put(partial: Path, path: Path) -> None:
    """Gives a file that is written its name, once all of it is on the disk."""
    _sync(partial)
    partial.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
