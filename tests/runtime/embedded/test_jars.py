"""The class path is remembered, looked for again when jars are gone, and its absence is one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import jgo
import pytest

from runtime.embedded.jars import COORDINATES, JarsMissing, class_path


def test_the_class_path_is_remembered(tmp_path: Path) -> None:
    jar = tmp_path / "kafka.jar"
    jar.touch()
    (tmp_path / "classpath").write_text(f"{COORDINATES}\n{jar}")
    assert class_path(tmp_path / "classpath") == str(jar)


@pytest.mark.parametrize("memory", [f"{COORDINATES}\n/gone/kafka.jar", "other:coordinates:1\n/", ""])
def test_it_is_looked_for_again_when_it_does_not_hold(tmp_path: Path, memory: str) -> None:
    (tmp_path / "classpath").write_text(memory)
    jars = class_path(tmp_path / "classpath").split(os.pathsep)
    assert all(Path(jar).exists() for jar in jars)
    assert {"kafka_2.13-4.3.1.jar", "kafka-clients-4.3.1.jar"} <= {Path(jar).name for jar in jars}


def test_without_network_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_: str) -> list[object]:
        raise RuntimeError("Could not resolve")

    monkeypatch.setattr(jgo, "resolve", unreachable)
    with pytest.raises(JarsMissing, match="connect this machine to the internet"):
        class_path(tmp_path / "classpath")
