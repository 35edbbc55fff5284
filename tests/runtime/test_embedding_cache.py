"""What was embedded is found again, up to the bounds, across restarts and between processes."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from runtime.embedding_cache import FileCache, MemoryCache, key_of
from runtime.encoder import Embedding

WIDTH = 4


def embedding(number: float, *, truncated: bool = False) -> Embedding:
    return Embedding(np.full(WIDTH, number, dtype=np.float32), truncated)


def key(number: int) -> bytes:
    return key_of("model", str(number))


def file_cache(path: Path, *, width: int = WIDTH, bound: int = 100) -> FileCache:
    return FileCache(path, width=width, bound=bound)


def test_a_key_depends_on_model_and_text() -> None:
    assert len({key_of("a", "bc"), key_of("ab", "c"), key_of("a", "b"), key_of("a", "bc")}) == 3


def test_memory_forgets_the_least_recently_used() -> None:
    cache = MemoryCache(2)
    cache.keep({key(1): embedding(1), key(2): embedding(2)})
    cache.find([key(1)])
    cache.keep({key(3): embedding(3)})
    assert cache.find([key(1), key(2), key(3)]).keys() == {key(1), key(3)}
    assert len(cache) == 2


def test_a_file_gives_back_what_it_was_given(tmp_path: Path) -> None:
    path = tmp_path / "new" / "vectors.db"
    first = file_cache(path)
    first.keep({key(1): embedding(0.1), key(2): embedding(0.2, truncated=True)})
    first.close()
    found = file_cache(path).find([key(1), key(2), key(3)])
    assert found.keys() == {key(1), key(2)}
    assert found[key(1)].vector.tolist() == embedding(0.1).vector.tolist()
    assert [found[key(n)].truncated for n in (1, 2)] == [False, True]
    assert not found[key(1)].vector.flags.writeable


def test_a_file_drops_the_oldest(tmp_path: Path) -> None:
    cache = file_cache(tmp_path / "vectors.db", bound=3)
    for n in range(5):
        cache.keep({key(n): embedding(n)})
    assert cache.find(map(key, range(5))).keys() == {key(2), key(3), key(4)}


def test_two_processes_may_keep_the_same_text(tmp_path: Path) -> None:
    one, other = file_cache(tmp_path / "vectors.db"), file_cache(tmp_path / "vectors.db")
    one.keep({key(1): embedding(1)})
    other.keep({key(1): embedding(1), key(2): embedding(2)})
    assert one.find([key(1), key(2)]).keys() == {key(1), key(2)}


def test_vectors_of_another_width_are_not_found_but_replaced(tmp_path: Path) -> None:
    file_cache(tmp_path / "vectors.db", width=WIDTH).keep({key(1): embedding(1)})
    wider = file_cache(tmp_path / "vectors.db", width=WIDTH + 1)
    assert wider.find([key(1)]) == {}
    wider.keep({key(1): Embedding(np.ones(WIDTH + 1, dtype=np.float32), truncated=False)})
    assert wider.find([key(1)]).keys() == {key(1)}


def test_a_file_that_is_no_cache_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vectors.db"
    path.write_text("this is a letter, and by no means a database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        file_cache(path)
