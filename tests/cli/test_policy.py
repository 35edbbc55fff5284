"""A policy as TOML: what is printed can be adopted again, and what is wrong is named."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.failure import Failed
from cli.main import app
from cli.policy import read_policy
from cli.toml import to_toml
from schemas.policy import LearningPolicy, Phrases, Retention, TwoPairsOfEyes, content, policy_hash


def written(folder: Path, text: str) -> Path:
    file = folder / "policy.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_default_can_be_printed_and_read(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["policy", "default"])
    assert printed.exit_code == 0
    assert read_policy(written(tmp_path, printed.stdout)) == LearningPolicy()


def test_every_value_survives(tmp_path: Path) -> None:
    policy = LearningPolicy(
        auto_approve_at=95,
        urgent_sources=("/console/*", 'with "quotes" and \\ and ü'),
        phrases=Phrases(does_not_know=("ich weiß nicht",)),
        retention=Retention(days=365),
        calibration=((45, 10), (60, 30), (99, 100)),
        two_pairs_of_eyes=TwoPairsOfEyes(imports=True),
    )
    assert read_policy(written(tmp_path, to_toml(content(policy)))) == policy


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("similarity = 0.9", "similarity: Extra inputs are not permitted"),
        ("similarity_threshold = 2.0", "similarity_threshold: Input should be less than or equal to 1"),
        ("[retention]\ndays = 0", "retention.days: Input should be greater than or equal to 1"),
        ("this is not toml", "is not TOML"),
        ("calibration = [[50, 40], [50, 60]]", "calibration: Value error, [50, 60] cannot follow [50, 40]"),
        ("calibration = [[50, 40], [60, 39]]", "calibration: Value error, [60, 39] cannot follow [50, 40]"),
        ("[two_pairs_of_eyes]\nimport = true", "two_pairs_of_eyes.import: Extra inputs are not permitted"),
        (
            "[two_pairs_of_eyes]\nimports = 3",
            "two_pairs_of_eyes.imports: Input should be a valid boolean",
        ),
        ("calibration = [[50, 101]]", "calibration.0.1: Input should be less than or equal to 100"),
    ],
)
def test_what_is_wrong_is_named(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Failed) as failed:
        read_policy(written(tmp_path, text))
    assert words in str(failed.value)


def test_a_policy_that_calibrates_nothing_is_named_as_before_there_was_calibration() -> None:
    assert policy_hash(LearningPolicy()) == "ce92a7c6eb6a13ee"
    assert "calibration" not in content(LearningPolicy(calibration=()))
    assert policy_hash(LearningPolicy(calibration=((50, 50),))) != policy_hash(LearningPolicy())


def test_a_policy_that_asks_for_no_second_pair_of_eyes_is_named_as_before() -> None:
    nothing, asking = TwoPairsOfEyes(), TwoPairsOfEyes(urgent_corrections=True)
    assert "two_pairs_of_eyes" not in content(LearningPolicy(two_pairs_of_eyes=nothing))
    assert content(LearningPolicy(two_pairs_of_eyes=asking))["two_pairs_of_eyes"] == {
        "urgent_corrections": True,
        "imports": False,
    }
    assert policy_hash(LearningPolicy(two_pairs_of_eyes=asking)) != policy_hash(LearningPolicy())
