"""Memory that is free goes back to the system."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from runtime.memory import give_back

MEBI = 1024 * 1024


def taken() -> int:
    """Bytes of this process."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is given back")
def test_what_lies_between_things_in_use_is_given_back() -> None:
    texts = [bytes(2000) for _ in range(100_000)]
    kept = texts[::500]
    del texts
    before = taken()
    give_back()
    assert before - taken() > 100 * MEBI
    assert len(kept) == 200
