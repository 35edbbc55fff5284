"""A log in files: JSON lines, compressed, with a manifest that says what is in them and by which hashes.

The chain is a hash over all records of a partition in their order, each with its key: whoever has the last one can
tell whether a log is this log, wherever it stands. Offsets and times belong to a broker and are not in it.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Literal

import orjson
from pydantic import BaseModel, ValidationError

from runtime.durable import PARTIAL, put, write_whole

MANIFEST = "manifest.json"
COMPRESSION = 6
FILE_RECORDS = 100_000
FILE_BYTES = 256 * 1024 * 1024
"""Before compression. A file is closed when it has so many records, or is so large."""
START = hashlib.sha256(b"relearn.log.v1").hexdigest()
"""The chain of no record."""


class ArchiveRefused(Exception):
    """These files and this log do not fit; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as it stands in a log. `timestamp` is the broker's append time in milliseconds."""

    seq: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes


class ArchiveFile(BaseModel):
    """One file."""

    name: str
    records: int
    first_seq: int
    last_seq: int
    sha256: str


class ArchivePartition(BaseModel):
    """One partition. `offset` and `value_sha256` are those of its last record, at the broker it came from."""

    partition: int
    records: int = 0
    offset: int = -1
    value_sha256: str = ""
    chain: str = START
    files: list[ArchiveFile] = []


class Manifest(BaseModel):
    """What an archive holds. `topic` is the log's name without the installation's prefix."""

    format: Literal[1] = 1
    domain: str
    topic: str
    partitions: int
    embedding_model: str
    logs: list[ArchivePartition]

    @property
    def records(self) -> int:
        """Of all partitions."""
        return sum(each.records for each in self.logs)


def load(folder: Path) -> Manifest | None:
    """The manifest in a folder; None if there is none.

    Raises:
        ArchiveRefused: if it cannot be read.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise ArchiveRefused(f"{path} is no manifest of an exported log that this version reads") from error


def save(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest, whole or not at all."""
    write_whole(folder / MANIFEST, manifest.model_dump_json(indent=2).encode() + b"\n")


def link(chain: str, entry: Entry) -> str:
    """The chain that one more record makes of a chain."""
    key = b"\0" if entry.key is None else b"\1%d:%b" % (len(entry.key), entry.key)
    return hashlib.sha256(bytes.fromhex(chain) + key + entry.value).hexdigest()


@dataclass
class FileWriter:
    """Writes the next file of one partition."""

    folder: Path
    log: ArchivePartition
    size: int = 0
    count: int = 0
    _partial: Path = field(init=False)
    _file: BinaryIO = field(init=False)
    _packed: gzip.GzipFile = field(init=False)

    def __post_init__(self) -> None:
        self._partial = self.folder / f"{self.log.partition:04}{PARTIAL}"
        self._file = self._partial.open("wb")
        # Neither name nor time: the same records make the same file.
        self._packed = gzip.GzipFile("", "wb", COMPRESSION, self._file, mtime=0)

    @property
    def is_full(self) -> bool:
        """Whether the next record belongs in another file."""
        return self.count >= FILE_RECORDS or self.size >= FILE_BYTES

    def add(self, entry: Entry) -> None:
        """Writes one record and moves the partition on by it."""
        line = orjson.dumps(_told(entry)) + b"\n"
        self._packed.write(line)
        self.size, self.count = self.size + len(line), self.count + 1
        self.log.chain, self.log.records = link(self.log.chain, entry), entry.seq + 1
        self.log.offset, self.log.value_sha256 = entry.offset, hashlib.sha256(entry.value).hexdigest()

    def finish(self) -> None:
        """Gives the file its name, and tells the partition of it."""
        self.close()
        first, last = self.log.records - self.count, self.log.records - 1
        name = f"{self.log.partition:04}-{first:012}-{last:012}.jsonl.gz"
        sha256 = digest(self._partial)
        put(self._partial, self.folder / name)
        self.log.files.append(
            ArchiveFile(name=name, records=self.count, first_seq=first, last_seq=last, sha256=sha256)
        )

    def close(self) -> None:
        """Ends the file; what is unfinished keeps its temporary name."""
        self._packed.close()
        self._file.close()


def digest(path: Path) -> str:
    """The SHA-256 of a file, as `sha256sum` tells it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def entries(folder: Path, log: ArchivePartition) -> Iterator[Entry]:
    """All records of a partition in their order.

    Raises:
        ArchiveRefused: if a file is missing or broken.
    """
    for file in log.files:
        try:
            with gzip.open(folder / file.name) as lines:
                yield from map(_entry, lines)
        except FileNotFoundError as error:
            raise ArchiveRefused(f"{folder / file.name} is missing: restore the whole folder") from error
        except (OSError, EOFError, zlib.error, ValueError, KeyError) as error:
            raise ArchiveRefused(f"{folder / file.name} cannot be read: {error}") from error


def check(folder: Path, manifest: Manifest) -> None:
    """Makes sure that the files are those of the manifest, and their records its records.

    Raises:
        ArchiveRefused: naming the first file or partition that differs.
    """
    for log in manifest.logs:
        for file in log.files:
            path = folder / file.name
            if path.exists() and digest(path) != file.sha256:
                raise ArchiveRefused(f"{path} is not the file that was exported: its SHA-256 is another")
        found = ArchivePartition(partition=log.partition)
        for entry in entries(folder, log):
            if entry.seq != found.records:
                raise ArchiveRefused(
                    f"partition {log.partition} in {folder} lacks record {found.records}: {entry.seq} comes next"
                )
            found.chain, found.records = link(found.chain, entry), found.records + 1
        if (found.chain, found.records) != (log.chain, log.records):
            raise ArchiveRefused(
                f"the records of partition {log.partition} in {folder} are not the manifest's"
            )


def _told(entry: Entry) -> dict[str, Any]:
    said: dict[str, Any] = {"seq": entry.seq, "offset": entry.offset, "timestamp": entry.timestamp}
    for name, content in (("key", entry.key), ("value", entry.value)):
        if content is not None:
            said |= _text(name, content)
    return said


def _text(name: str, content: bytes) -> dict[str, str]:
    """As text that a person can read and `jq` can search, where it is text."""
    try:
        return {name: content.decode()}
    except UnicodeDecodeError:
        return {f"{name}_base64": base64.b64encode(content).decode("ascii")}


def _entry(line: bytes) -> Entry:
    said = orjson.loads(line)
    value = _bytes(said, "value")
    if value is None:
        raise ValueError("a record has no value")
    return Entry(said["seq"], said["offset"], said["timestamp"], _bytes(said, "key"), value)


def _bytes(said: dict[str, Any], name: str) -> bytes | None:
    if name in said:
        return str(said[name]).encode()
    packed = said.get(f"{name}_base64")
    return None if packed is None else base64.b64decode(packed)
