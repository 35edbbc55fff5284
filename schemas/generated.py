"""Files that come from the code: written where they changed, and held against it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def write(files: Mapping[Path, bytes]) -> list[Path]:
    """Writes each file's content; returns those that changed."""
    changed = [path for path, content in files.items() if not _holds(path, content)]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[path])
    return changed


def stale(files: Mapping[Path, bytes], folder: Path) -> list[str]:
    """Which are missing or out of date, in plain words, named within the folder; empty if none is."""
    return [
        f"{path.relative_to(folder).as_posix()} is {'out of date' if path.exists() else 'missing'}"
        for path, content in files.items()
        if not _holds(path, content)
    ]


def _holds(path: Path, content: bytes) -> bool:
    return path.exists() and path.read_bytes() == content
