"""The folder of a running tree: one tree at a time, and how to reach it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import orjson

from cli.failure import Failed

LOCK = "up.lock"
ENVIRONMENT = "environment.json"


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds the folder for one tree. The lock ends with the process, however that ends.

    Raises:
        Failed: if a tree runs there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(
                f"relearn is running in {folder} (process {_pid(folder)}): "
                f"`relearn env --dir {folder}` says how to reach it"
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            (folder / ENVIRONMENT).unlink(missing_ok=True)
            lock.truncate(0)


def is_held(folder: Path) -> bool:
    """Whether a tree runs in this folder."""
    path = folder / LOCK
    if not path.exists():
        return False
    with path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def remember(folder: Path, environment: Mapping[str, str]) -> None:
    """Writes down how to reach the tree, for its owner's eyes only."""
    path = folder / ENVIRONMENT
    new = path.with_suffix(".new")
    new.touch(mode=0o600)
    new.write_bytes(orjson.dumps(dict(environment)))
    new.replace(path)


def environment(folder: Path) -> dict[str, str]:
    """The settings of the tree that runs in this folder.

    Raises:
        Failed: if none runs there, or it is not up yet.
    """
    if not is_held(folder):
        raise Failed(f"nothing runs in {folder}: start it with `relearn up --dir {folder}`")
    path = folder / ENVIRONMENT
    if not path.exists():
        raise Failed(f"the tree in {folder} is still starting: try again in a few seconds")
    found: dict[str, str] = orjson.loads(path.read_bytes())
    return found


def _pid(folder: Path) -> str:
    return (folder / LOCK).read_text().strip() or "unknown"
