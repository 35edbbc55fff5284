"""Vectors of texts, none computed twice, without holding up the event loop."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import structlog

from runtime.embedding_cache import FileCache, Key, MemoryCache, key_of
from runtime.encoder import BATCH_PIECES, BATCH_SIZE, Embedding, Encoder, folder_of

__all__ = ["Embedder", "Embedding", "dimensions_of"]

WIDTHS = {"all-MiniLM-L6-v2": 384, "all-mpnet-base-v2": 768}

NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
"""How SQLite says that a disk is full."""

log = structlog.get_logger(__name__)


class Embedder:
    """A model that embeds in a thread of its own, with a cache in memory and, given a path, in a file.

    Making one loads the model, which takes seconds: in a coroutine, `await asyncio.to_thread(Embedder, ...)`.
    A cache file whose disk is full is done without: that costs time and no more.
    A cache knows a model by its name: replace a model's content in place, and its cache file must go too.

    Attributes:
        model: the name to write on every vector.
        width: numbers in a vector.
        max_pieces: word pieces that the model reads of a text, its own two or so marks included.
        hits: texts so far that needed no encoding.
        encoded: texts so far that did.
        timed: told, in the thread of the model, how many seconds it encoded.

    Raises:
        RuntimeError, OSError: as `Encoder` does.
        sqlite3.Error: as `FileCache` does.
    """

    def __init__(
        self,
        model: str,
        cache: Path | None = None,
        *,
        batch_size: int = BATCH_SIZE,
        batch_pieces: int = BATCH_PIECES,
        memory_entries: int = 50_000,
        file_entries: int = 500_000,
        threads: int | None = None,
    ) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embedding")
        self._encoder = self._thread.submit(
            Encoder, model, batch_size=batch_size, batch_pieces=batch_pieces, threads=threads
        ).result()
        self.model = model
        self.width = self._encoder.width
        self.max_pieces = self._encoder.max_pieces
        self.hits = 0
        self.encoded = 0
        self.timed: Callable[[float], object] | None = None
        self._memory = MemoryCache(memory_entries)
        self._file = self._opened(cache, file_entries) if cache else None

    async def embed(self, texts: Sequence[str]) -> list[Embedding]:
        """One embedding per text, in the same order; vectors have length 1 and are read-only.

        Raises:
            ValueError: if a text is empty or blank, or no valid Unicode.
        """
        for number, text in enumerate(texts):
            if not text.strip():
                raise ValueError(f"text {number} of {len(texts)} is empty: it has no embedding")
        keys = [key_of(self.model, text) for text in texts]
        found = self._memory.find(keys)
        encoded = 0
        if missing := {key: text for key, text in zip(keys, texts, strict=True) if key not in found}:
            loop = asyncio.get_running_loop()
            new, encoded = await loop.run_in_executor(self._thread, self._complete, missing)
            found |= new
        self.encoded += encoded
        self.hits += len(texts) - encoded
        return [found[key] for key in keys]

    def close(self) -> None:
        """Ends the thread after the call in progress, cancels those that wait, and closes the cache file."""
        self._thread.shutdown(cancel_futures=True)
        if self._file:
            self._file.close()

    def _complete(self, texts: Mapping[Key, str]) -> tuple[dict[Key, Embedding], int]:
        """These texts' embeddings, and how many had to be encoded. Runs in the thread."""
        # Memory again: the call before this one may have had the same texts.
        known = self._memory.find(texts)
        if self._file and (absent := texts.keys() - known.keys()):
            known |= self._found(self._file, absent)
        left = {key: text for key, text in texts.items() if key not in known}
        new = dict(zip(left, self._encode(list(left.values())), strict=True))
        if self._file and new:
            self._keep(self._file, new)
        self._memory.keep(known | new)
        return known | new, len(new)

    def _encode(self, texts: Sequence[str]) -> list[Embedding]:
        began = time.perf_counter()
        vectors = self._encoder.encode(texts)
        if self.timed is not None and texts:
            self.timed(time.perf_counter() - began)
        return vectors

    def _opened(self, path: Path, bound: int) -> FileCache | None:
        try:
            return FileCache(path, width=self.width, bound=bound)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in NO_ROOM:
                raise
            log.warning("there is no room for a cache of embeddings", path=str(path), reason=str(error))
            return None

    def _found(self, file: FileCache, keys: Iterable[Key]) -> dict[Key, Embedding]:
        try:
            return file.find(keys)
        except sqlite3.OperationalError as error:
            log.warning("the cache of embeddings cannot be read", reason=str(error))
            return {}

    def _keep(self, file: FileCache, new: Mapping[Key, Embedding]) -> None:
        try:
            file.keep(new)
        except sqlite3.OperationalError as error:
            log.warning("embeddings are not kept", reason=str(error))


def dimensions_of(model: str, dimensions: int | None = None) -> int:
    """The width of the model's vectors, without loading the model; `dimensions` is what the settings say.

    Raises:
        ValueError: if it cannot be known, or is known to be another than `dimensions`.
    """
    name = model.removeprefix("sentence-transformers/")
    folder = folder_of(model)
    known = WIDTHS.get(name) or (_width_in(folder) if folder else None)
    width = known if dimensions is None else dimensions
    if width is None:
        raise ValueError(
            f"the width of the embedding model {model!r} is not known here: set RELEARN_EMBEDDING_DIMENSIONS"
        )
    if width != (known or width):
        raise ValueError(f"RELEARN_EMBEDDING_DIMENSIONS is {width}, but the model {model!r} has {known}")
    return width


WIDTH_KEYS = ("out_features", "embedding_dimension", "word_embedding_dimension", "hidden_size")
"""Where modules' config.json say how wide their output is: Dense, Pooling (new, old), Transformer."""


def _width_in(folder: Path) -> int | None:
    """What the last module that states a width states, as sentence-transformers does it."""
    modules = _json(folder / "modules.json") or [{"path": ""}]
    for module in reversed(modules):
        config = _json(folder / module["path"] / "config.json") or {}
        for key in WIDTH_KEYS:
            if isinstance(width := config.get(key), int):
                return width
    return None


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else None
