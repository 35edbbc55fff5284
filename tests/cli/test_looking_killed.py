"""Commands that only look, killed at any moment: the live tables are the same, and nothing is left for long."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from cli.toml import to_toml
from schemas.policy import LearningPolicy, content
from tests.cli.killed import killed
from tests.cli.replayed import Replayed
from tests.faults.tables import tables

LEARN = ("--domain", "learning")


@pytest.mark.timeout(300)
async def test_who_looks_changes_nothing(replayed: Replayed, chance: random.Random, tmp_path: Path) -> None:
    before = await tables(replayed.settings)
    policy = tmp_path / "policy.toml"
    policy.write_text(to_toml(content(LearningPolicy())))
    looks = (
        ("verify", *LEARN),
        ("as-of", "0:300", "--sql", "SELECT count(*) FROM learning_queue", *LEARN),
        ("diff", "0:100", "0:300", *LEARN),
        ("policy", "try", str(policy)),
        ("log", "verify", *LEARN),
        ("why", "0:300", *LEARN),
    )
    for words in looks:
        await killed(replayed.settings, *words, after=chance.uniform(1.0, 4.0))
        assert await tables(replayed.settings) == before, words
    assert await replayed.different() == {}
    assert await replayed.schemas() == ["learning"], "the next one drops what a killed one has left"
