"""The scenario decided again under other policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.toml import to_toml
from runtime.embedding import Embedder
from schemas.policy import LearningPolicy, TwoPairsOfEyes, content
from streams.learning.decider import Learning
from streams.learning.judging import Approval, Judgement
from streams.trial import Trial
from tests.cli.played import MESSAGES, decide
from tests.cli.replayed import Replayed
from tests.cli.running import relearn


async def tried(looked_at: Replayed, folder: Path, **changes: Any) -> Any:
    file = folder / "policy.toml"
    file.write_text(to_toml(content(LearningPolicy(**changes))))
    return await looked_at.told_of("policy", "try", str(file))


def test_the_policy_in_force_flips_nothing(embedder: Embedder) -> None:
    """Where none was adopted after the first."""
    records = [
        decision.record
        for decision in decide(embedder, [m for m in MESSAGES if b"policy.adopted" not in (m.value or b"")])
    ]
    judged = Judgement()
    for tried in Trial(Learning(), LearningPolicy(), 0).take(records):
        assert tried.outcomes == tried.record.outcomes
        judged.hear(*tried)
    assert judged.flips == []
    assert judged.was.counts == judged.would.counts
    assert judged.was.counts["merged"] > 10
    assert judged.reviews == (0, 0)
    assert judged.approval == judged.approval_before


async def test_what_was_adopted_on_the_way_is_tried_from_the_beginning(
    looked_at: Replayed, tmp_path: Path
) -> None:
    (flip,) = (await tried(looked_at, tmp_path))["flips"]
    assert flip["was"] == f"{flip['would']}, approved by confidence"


async def test_a_stricter_threshold_merges_less(looked_at: Replayed, tmp_path: Path) -> None:
    found = await tried(looked_at, tmp_path, similarity_threshold=0.99)
    counts = found["counts"]
    assert counts["merged"]["would"] < counts["merged"]["was"]
    assert counts["proposed"]["would"] > counts["proposed"]["was"]
    assert any(
        flip["was"].startswith("merged into") and flip["would"].startswith("proposed")
        for flip in found["flips"]
    )
    assert all(flip["words"] for flip in found["flips"])


async def test_approval_by_confidence_is_held_against_reviewers(looked_at: Replayed, tmp_path: Path) -> None:
    found = await tried(looked_at, tmp_path, auto_approve_at=50)
    before, would = found["approval"]["was"], found["approval"]["would"]
    assert sum(before[name] for name in ("right", "wrong", "missed", "left")) > 10
    assert would["right"] > before["right"]
    assert would["recall"] > before["recall"]
    assert found["reviews_saved"] > 0
    assert (
        found["counts"]["approved by the policy"]["would"] > found["counts"]["approved by the policy"]["was"]
    )


async def test_a_second_pair_of_eyes_is_more_to_review(looked_at: Replayed, tmp_path: Path) -> None:
    asking = TwoPairsOfEyes(urgent_corrections=True, imports=True)
    found = await tried(looked_at, tmp_path, two_pairs_of_eyes=asking)
    assert found["reviews_added"] > 0
    assert any(flip["was"].endswith("approved by urgency") for flip in found["flips"])
    assert ("imported", "proposed") in {(flip["was"], flip["would"]) for flip in found["flips"]}


async def test_people_read_it(looked_at: Replayed, tmp_path: Path) -> None:
    file = tmp_path / "policy.toml"
    file.write_text("similarity_threshold = 0.99\n")
    env = looked_at.settings.environment()
    done = await relearn("policy", "try", str(file), "--limit", "1", env=env)
    assert done.exit_code == 0, done.output
    assert "inputs would be decided otherwise" in done.stdout
    assert "more: --limit, --json" in done.stdout
    validated = await relearn("policy", "validate", str(file), env=env)
    assert f"{file.name} holds policy" in " ".join(validated.stdout.split())


def test_agreement_beyond_chance() -> None:
    """The example of Wikipedia's article on Cohen's kappa: 20, 5, 10 and 15 give 0.4."""
    found = Approval(right=20, wrong=5, missed=10, left=15)
    assert found.kappa == pytest.approx(0.4)
    assert found.precision == pytest.approx(0.8)
    assert found.recall == pytest.approx(2 / 3)
    assert found.f1 == pytest.approx(8 / 11)
    assert Approval(0, 0, 0, 0).kappa is None
    assert Approval(3, 0, 0, 0).kappa is None
