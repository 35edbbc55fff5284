"""Embeddings that were already computed: the recent ones in memory, many more in a file."""

from __future__ import annotations

import hashlib
import sqlite3
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

import aiosql
import numpy as np

from runtime.encoder import Embedding, own

Key = bytes


def key_of(model: str, text: str) -> Key:
    """What a text's embedding is kept under: SHA-256 of the model's name and the text."""
    return hashlib.sha256(f"{model}\0{text}".encode()).digest()


class MemoryCache:
    """The most recently used embeddings, up to a bound. Safe to use from several threads."""

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._kept: OrderedDict[Key, Embedding] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def find(self, keys: Iterable[Key]) -> dict[Key, Embedding]:
        """Those of `keys` that are here, now the most recently used."""
        with self._lock:
            found = {key: self._kept[key] for key in keys if key in self._kept}
            for key in found:
                self._kept.move_to_end(key)
            return found

    def keep(self, embeddings: Mapping[Key, Embedding]) -> None:
        """Adds these; the least recently used beyond the bound go."""
        with self._lock:
            self._kept.update(embeddings)
            while len(self._kept) > self._bound:
                self._kept.popitem(last=False)


class FileCache:
    """Embeddings in a SQLite file that survives restarts and may be shared by processes.

    The oldest beyond the bound go. Deleting the file loses nothing but time. One thread at a time may use it.

    Raises:
        sqlite3.Error: if the file cannot be opened or is no SQLite database.
    """

    def __init__(self, path: Path, *, width: int, bound: int) -> None:
        self._sql: Any = aiosql.from_path(Path(__file__).with_name("embedding_cache.sql"), "sqlite3")
        self._bytes = width * np.dtype("<f4").itemsize
        self._bound = bound
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = sqlite3.connect(path, timeout=30, check_same_thread=False)
        self._file.execute("PRAGMA journal_mode = WAL")
        self._file.execute("PRAGMA synchronous = NORMAL")
        self._sql.create(self._file)

    def find(self, keys: Iterable[Key]) -> dict[Key, Embedding]:
        """Those of `keys` that are in the file at this width."""
        rows = ((key, self._sql.find(self._file, key=key)) for key in keys)
        return {key: _from_row(row) for key, row in rows if row and len(row[0]) == self._bytes}

    def keep(self, embeddings: Mapping[Key, Embedding]) -> None:
        """Adds these in one transaction."""
        rows = [_to_row(key, embedding) for key, embedding in embeddings.items()]
        with self._file:
            self._sql.keep(self._file, rows)
            self._sql.drop_oldest(self._file, bound=self._bound)

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _from_row(row: tuple[bytes, int]) -> Embedding:
    blob, truncated = row
    return Embedding(own(np.frombuffer(blob, dtype="<f4")), bool(truncated))


def _to_row(key: Key, embedding: Embedding) -> dict[str, object]:
    vector = embedding.vector.astype("<f4", copy=False).tobytes()
    return {"key": key, "vector": vector, "truncated": embedding.truncated}
