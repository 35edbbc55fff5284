"""Snapshots of the fold: a cache beside the log. Deleting them changes nothing but start-up time.

A snapshot is a file of one header line (JSON) and a compressed pickle. Unpickling runs what the file says, so they
are read only from the service's own folder, which nobody else may be able to write.
"""

from __future__ import annotations

import copyreg
import hashlib
import io
import os
import pickle
import platform
import re
import sys
import tempfile
import zlib
from importlib.metadata import version
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import UUID

import orjson
import structlog

import schemas
import streams
from runtime.durable import put
from streams.domain import Domain
from streams.log import Folded

S = TypeVar("S")

FORMAT = 1
COMPRESSION = 1
"""zlib's fastest level: states are mostly vectors, which hardly shrink."""

log = structlog.get_logger(__name__)


class SnapshotIgnored(Exception):
    """A file that is no snapshot of this state; `str` says why."""


class Snapshots(Generic[S]):
    """The snapshots of one domain, one file per partition."""

    def __init__(self, folder: Path, domain: Domain[S], topic: str) -> None:
        """`topic`: the log's name on the broker."""
        self._folder = folder
        self._about = {
            "format": FORMAT,
            "log": topic,
            "code": code_version(domain.new_state()),
            "python": platform.python_version(),
            "numpy": version("numpy"),
        }

    def forget_others(self, first: str) -> None:
        """Deletes the snapshots of the log's other generations: words that were erased may stand there.

        `first`: the name at the broker of the log's first generation.
        """
        own = re.compile(rf"{re.escape(str(self._about['log']))}-\d+\.snapshot")
        any_of_it = re.compile(rf"{re.escape(first)}(\.\d+)?-\d+\.snapshot")
        for path in self._folder.iterdir() if self._folder.is_dir() else ():
            if any_of_it.fullmatch(path.name) and not own.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def path(self, partition: int) -> Path:
        """Where this partition's snapshot is."""
        return self._folder / f"{self._about['log']}-{partition}.snapshot"

    def load(self, partition: int) -> Folded[S] | None:
        """The state as it was saved; None, and a line in the log, if there is nothing usable.

        Whether the log still holds what this state was folded from is for the reader of the log to check.
        """
        path = self.path(partition)
        try:
            return self._read(path, partition)
        except FileNotFoundError:
            return None
        except (OSError, SnapshotIgnored) as error:
            log.warning("snapshot ignored: the whole log is read", path=str(path), reason=str(error))
            return None

    def written_at(self, partition: int) -> float | None:
        """When this partition's snapshot was written, in seconds since 1970; None where there is none."""
        try:
            return self.path(partition).stat().st_mtime
        except OSError:
            return None

    def _read(self, path: Path, partition: int) -> Folded[S]:
        with path.open("rb") as file:
            line, packed = file.readline(), file.read()
        header = _header(line)
        about = {**self._about, "partition": partition}
        if other := [key for key, value in about.items() if header.get(key) != value]:
            raise SnapshotIgnored(f"it is of another {other[0]}")
        if header.get("sha256") != _checksum(header.get("offset"), packed):
            raise SnapshotIgnored("its checksum is wrong")
        try:
            state, value = pickle.loads(zlib.decompress(packed))  # noqa: S301 - own folder, checksum, version
        except _UNREADABLE as error:
            raise SnapshotIgnored(f"it cannot be read: {error!r}") from error
        return Folded(state, header["offset"], value)

    def save(self, partition: int, offset: int, pickled: bytes) -> None:
        """Writes what `pickled` gave, whole or not at all. May run in a thread.

        Raises:
            OSError: if the folder cannot be written.
        """
        packed = zlib.compress(pickled, COMPRESSION)
        header = {
            **self._about,
            "partition": partition,
            "offset": offset,
            "sha256": _checksum(offset, packed),
        }
        self._folder.mkdir(parents=True, exist_ok=True)
        _write_whole(self.path(partition), orjson.dumps(header) + b"\n" + packed)


def pickled(folded: Folded[S]) -> bytes:
    """The state as it is at this moment."""
    out = io.BytesIO()
    _Pickler(out).dump((folded.state, folded.value))
    return out.getvalue()


def code_version(state: object) -> str:
    """The hash of all sources that a state's shape and meaning come from."""
    module = sys.modules[type(state).__module__]
    folders = {Path(str(of.__file__)).parent for of in (schemas, streams, module)}
    digest = hashlib.sha256()
    for path in sorted({path for folder in folders for path in folder.rglob("*.py")}):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _uuid(number: int) -> UUID:
    return UUID(int=number)


def _reduce_uuid(value: UUID) -> tuple[Any, tuple[int]]:
    return _uuid, (value.int,)


class _Pickler(pickle.Pickler):
    """States hold very many UUIDs, each of which takes 4 µs by its own rules, and 1 µs by these."""

    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL)
        self.dispatch_table = {**copyreg.dispatch_table, UUID: _reduce_uuid}


def _checksum(offset: int | None, packed: bytes) -> str:
    """Of all that is not compared by itself."""
    return hashlib.sha256(b"%r\n" % offset + packed).hexdigest()


def _header(line: bytes) -> dict[str, Any]:
    try:
        header = orjson.loads(line)
    except orjson.JSONDecodeError:
        header = None
    if not isinstance(header, dict):
        raise SnapshotIgnored("it has no header")
    return header


def _write_whole(path: Path, content: bytes) -> None:
    """For this user's eyes alone, and under a name of its own: a decider that was taken for dead may write, too."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        put(Path(name), path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


_UNREADABLE = (
    pickle.UnpicklingError,
    zlib.error,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    TypeError,
    ValueError,
)
