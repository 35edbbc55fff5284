"""A disk so small that a test can fill it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Disk:
    """Where it is, and what fills it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / "ballast"

    def fill(self) -> None:
        """Leaves no room at all."""
        with self._ballast.open("wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError:
                assert self.free == 0

    def clear(self) -> None:
        """Makes room again."""
        self._ballast.unlink()

    @property
    def free(self) -> int:
        """Bytes that can still be written."""
        told = os.statvfs(self.path)
        return told.f_bavail * told.f_frsize

    @property
    def files(self) -> list[str]:
        """What else is on it."""
        return sorted(each.name for each in self.path.iterdir() if each != self._ballast)


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[Disk]:
    """A disk at this path, which must not exist yet. Skips the test where that takes rights that it has not."""
    path.mkdir()
    words = ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(path))
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    try:
        yield Disk(path)
    finally:
        subprocess.run(("umount", "--lazy", str(path)), check=True)
