"""Snapshots of the fold: a cache beside the log. Deleting them changes nothing but start-up time.

A snapshot is a file of one header line (JSON) and blocks of bytes, each after its length: a compressed pickle, and
then every vector that is in it, as it is: vectors hardly shrink. Unpickling runs what the file says, so they are read
only from the service's own folder, which nobody else may be able to write.
"""

from __future__ import annotations

import copyreg
import gc
import hashlib
import io
import os
import pickle
import platform
import re
import sys
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from pickle import PickleBuffer
from typing import IO, Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import orjson
import structlog

import schemas
import streams
from runtime.durable import put
from streams.domain import Domain
from streams.log import Folded

S = TypeVar("S")

FORMAT = 2
COMPRESSION = 1
"""zlib's fastest level."""
LENGTH_BYTES = 8

Blocks: TypeAlias = Sequence[bytes | memoryview]
"""A pickle, and the vectors that it leaves out."""

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
            header = _header(file.readline())
            about = {**self._about, "partition": partition}
            if other := [key for key, value in about.items() if header.get(key) != value]:
                raise SnapshotIgnored(f"it is of another {other[0]}")
            begin, digest = file.tell(), _digest(header.get("offset"))
            if hashlib.file_digest(file, lambda: digest).hexdigest() != header.get("sha256"):
                raise SnapshotIgnored("its checksum is wrong")
            file.seek(begin)
            try:
                state, value = _unpickled(file)
            except _UNREADABLE as error:
                raise SnapshotIgnored(f"it cannot be read: {error!r}") from error
        return Folded(state, header["offset"], value)

    def save(self, partition: int, offset: int, pickled: Blocks) -> None:
        """Writes what `pickled` gave, whole or not at all. May run in a thread.

        Raises:
            OSError: if the folder cannot be written.
        """
        said, *vectors = pickled
        blocks = [zlib.compress(said, COMPRESSION), *vectors]
        content = [part for block in blocks for part in (_length(block), block)]
        digest = _digest(offset)
        for part in content:
            digest.update(part)
        header = {**self._about, "partition": partition, "offset": offset, "sha256": digest.hexdigest()}
        self._folder.mkdir(parents=True, exist_ok=True)
        _write_whole(self.path(partition), [orjson.dumps(header), b"\n", *content])


def pickled(folded: Folded[S]) -> Blocks:
    """The state as it is at this moment. Vectors that nobody may write are not copied."""
    out, vectors = io.BytesIO(), list[bytes | memoryview]()

    def leave_out(buffer: PickleBuffer) -> None:
        raw = buffer.raw()
        vectors.append(raw if raw.readonly else bytes(raw))

    with _nothing_collected():
        _Pickler(out, leave_out).dump((folded.state, folded.value))
    return [out.getvalue(), *vectors]


def _unpickled(file: IO[bytes]) -> Any:
    """What stands in the blocks that follow."""
    blocks = _blocks(file)
    said = zlib.decompress(next(blocks))
    with _nothing_collected():
        return pickle.loads(said, buffers=blocks)  # noqa: S301 - own folder, checksum, version


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Millions of objects are made, none of them garbage: looking for some takes longer than making them."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    while length := file.read(LENGTH_BYTES):
        yield file.read(int.from_bytes(length, "little"))


def _length(block: bytes | memoryview) -> bytes:
    return len(block).to_bytes(LENGTH_BYTES, "little")


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

    def __init__(self, file: io.BytesIO, leave_out: Callable[[PickleBuffer], None]) -> None:
        super().__init__(file, pickle.HIGHEST_PROTOCOL, buffer_callback=leave_out)
        self.dispatch_table = {**copyreg.dispatch_table, UUID: _reduce_uuid}


def _digest(offset: int | None) -> hashlib._Hash:
    """That of all that is not compared by itself: it begins with the offset."""
    return hashlib.sha256(b"%r\n" % offset)


def _header(line: bytes) -> dict[str, Any]:
    try:
        header = orjson.loads(line)
    except orjson.JSONDecodeError:
        header = None
    if not isinstance(header, dict):
        raise SnapshotIgnored("it has no header")
    return header


def _write_whole(path: Path, content: Iterable[bytes | memoryview]) -> None:
    """For this user's eyes alone, and under a name of its own: a decider that was taken for dead may write, too."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(content)
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
    MemoryError,
    OverflowError,
    StopIteration,
    TypeError,
    ValueError,
)
