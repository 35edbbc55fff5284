"""Verdicts on a real broker become a policy that can be validated and tried."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
import pytest

from cli.policy import read_policy
from runtime.kafka import create_topics
from runtime.settings import Settings
from schemas.policy import LearningPolicy
from schemas.topics import every_topic
from tests.cli.conftest import write_log
from tests.cli.killed import killed
from tests.cli.running import relearn
from tests.streams.learning.said import approve, correction, reject
from tests.streams.learning.story import Story

SHOPS, EACH = range(1, 6), 5
PNG = b"\x89PNG\r\n\x1a\n"


def reviewed() -> Story:
    """Of corrections worth 70 reviewers approve one in five, of those worth 90 four."""
    story = Story()
    for shop in SHOPS:
        story.shop_id = shop
        for priority, right in (("low", 1), ("high", 4)):
            for n in range(EACH):
                said = story.tell(correction(f"{priority} {n}|?", f"{priority} {n}|so", priority))  # type: ignore[arg-type]
                item = next(i for i in story.shop.items.values() if i.sources[0].source.source_id == said)
                story.tell(approve(item.id) if n < right else reject(item.id))
    return story


@pytest.fixture
async def judged(settings: Settings) -> Settings:
    """A log of one partition with 50 verdicts."""
    settings = settings.model_copy(update={"partitions": 1})
    await create_topics(settings, every_topic())
    await write_log(settings, 0, *reviewed().records, together=True)
    return settings


async def test_what_reviewers_said_becomes_a_policy(judged: Settings, tmp_path: Path) -> None:
    file, plot = tmp_path / "calibrated.toml", tmp_path / "reliability.png"
    told = await said(judged, "calibrate", str(file), "--plot", str(plot))
    assert (told["verdicts"], told["approved"], told["shops"], told["one_sided"]) == (50, 25, 5, 0)
    assert told["before"]["ece"] == pytest.approx((0.5 + 0.1) / 2)
    assert told["after"]["ece"] == pytest.approx(0)
    assert read_policy(file) == LearningPolicy(calibration=((70, 20), (90, 80)))
    assert plot.read_bytes().startswith(PNG)

    env = judged.environment()
    validated = await relearn("policy", "validate", str(file), env=env)
    assert f"holds policy {told['policy']}" in " ".join(validated.stdout.split())
    assert (await said(judged, "try", str(file)))["flips"] == []

    again = await relearn("policy", "calibrate", str(file), env=env)
    assert again.exit_code == 1
    assert f"{file} is there already" in again.stderr
    logistic = ("--method", "logistic", "--policy", str(file), "--force")
    shown = await relearn("policy", "calibrate", str(file), *logistic, env=env)
    assert shown.exit_code == 0, shown.output
    assert "50 verdicts of 5 shops, 25 of them approvals" in shown.stdout
    assert len(read_policy(file).calibration) == 21


async def test_too_little_writes_nothing(judged: Settings, tmp_path: Path) -> None:
    file = tmp_path / "calibrated.toml"
    refused = await relearn("policy", "calibrate", str(file), "--folds", "6", env=judged.environment())
    assert refused.exit_code == 1
    assert refused.stderr == "relearn: reviewers judged 50 items, and 6 folds need at least 60\n"
    assert list(tmp_path.iterdir()) == []


async def test_killed_it_has_written_a_whole_policy_or_none(
    judged: Settings, tmp_path: Path, chance: random.Random
) -> None:
    file = tmp_path / "calibrated.toml"
    for after in (chance.uniform(1.0, 3.0), chance.uniform(2.0, 5.0), 60.0):
        await killed(judged, "policy", "calibrate", str(file), "--force", after=after)
        assert not file.exists() or read_policy(file).calibration
    assert read_policy(file) == LearningPolicy(calibration=((70, 20), (90, 80)))
    assert list(tmp_path.iterdir()) == [file], "what a killed one has left is written over"


async def said(settings: Settings, *words: str) -> Any:
    done = await relearn("policy", *words, "--json", env=settings.environment())
    assert done.exit_code == 0, done.output
    return orjson.loads(done.stdout)
