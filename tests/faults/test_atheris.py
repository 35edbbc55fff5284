"""Bytes that a coverage-guided fuzzer invents make the codec say no, and nothing else."""

from __future__ import annotations

import asyncio
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from schemas.examples import examples_of
from schemas.topics import LEARNING
from tests.faults.parts import ROOT

SECONDS = 60


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """What it begins with: every example of every event."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for kind in LEARNING.types:
        for name, raw in examples_of(kind).items():
            (folder / f"{kind}-{name}").write_bytes(raw)
    return folder


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 3)
@pytest.mark.skipif(find_spec("atheris") is None, reason="atheris is not installed")
async def test_no_bytes_break_the_codec(corpus: Path, tmp_path: Path) -> None:
    options = (f"-max_total_time={SECONDS}", "-timeout=10", f"-artifact_prefix={tmp_path}/")
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.faults.codec_fuzzer", *options, str(corpus)),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await child.communicate()
    assert child.returncode == 0, said.decode(errors="replace")[-3000:]
