"""One folder for one tree of processes: their data, their logs, and whether a tree runs in it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

import orjson

LOCK_SECONDS = 0.5
"""Longer than anyone holds the lock only to look."""


class FolderInUse(Exception):
    """Another tree runs in this folder."""

    def __init__(self, path: Path, pid: int | None) -> None:
        owner = f"process {pid}" if pid is not None else "another process"
        super().__init__(f"{owner} runs in {path}: stop it, or name another folder with --dir")
        self.pid = pid


@dataclass(frozen=True, slots=True)
class Tree:
    """What a running tree tells others: its process, the settings that reach it, its parts' ports."""

    pid: int
    environment: Mapping[str, str]
    health_ports: Mapping[str, int] = field(default_factory=dict)


class Folder:
    """The folder. Its lock is the kernel's, so that a killed tree leaves none behind."""

    def __init__(self, path: Path) -> None:
        """Made when it is first locked."""
        self.path = path.resolve()
        self.kafka = self.path / "kafka"
        self.postgres = self.path / "postgres"
        self.snapshots = self.path / "snapshots"
        self.log = self.path / "log"
        self._state = self.path / "running.json"

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keeps other trees out. Raises FolderInUse."""
        self.path.mkdir(parents=True, exist_ok=True)
        with self._open_lock() as lock:
            self._take(lock)
            self._state.unlink(missing_ok=True)
            try:
                yield
            finally:
                self._state.unlink(missing_ok=True)

    def publish(self, tree: Tree) -> None:
        """Tells others how to reach the tree that runs here; for this user's eyes only."""
        draft = self._state.with_suffix(".draft")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(orjson.dumps(asdict(tree), option=orjson.OPT_INDENT_2))
        draft.replace(self._state)

    def running(self) -> Tree | None:
        """The tree that runs here and has published itself; None if there is none."""
        return self._read() if self._is_locked() else None

    def _open_lock(self) -> IO[bytes]:
        return (self.path / "lock").open("ab")

    def _take(self, lock: IO[bytes]) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        while not _try_lock(lock):
            if time.monotonic() > deadline:
                tree = self._read()
                raise FolderInUse(self.path, tree.pid if tree else None)
            time.sleep(0.02)

    def _is_locked(self) -> bool:
        if not (self.path / "lock").exists():
            return False
        with self._open_lock() as lock:
            return not _try_lock(lock)

    def _read(self) -> Tree | None:
        try:
            return Tree(**orjson.loads(self._state.read_bytes()))
        except FileNotFoundError:
            return None


def _try_lock(lock: IO[bytes]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
