"""`relearn schemas check` fails, and says why, wherever something that was sent once would not be read."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner, Result

from cli.main import app

ROOT = Path(__file__).parents[2]
FEEDBACK = "relearn.feedback.given.v1"


@pytest.fixture
def docs(tmp_path: Path) -> Path:
    """The published documents, to be changed."""
    return copytree(ROOT / "docs", tmp_path / "docs")


def check(docs: Path, *more: str) -> Result:
    return CliRunner().invoke(
        app, ["schemas", "check", "--dir", str(docs), "--client", str(ROOT / "client"), *more]
    )


def publish(docs: Path, change: Callable[[dict[str, Any]], object], name: str = FEEDBACK) -> None:
    """As if something else had been published: the models of now are a change from that."""
    path = docs / "schemas" / f"{name}.json"
    said = orjson.loads(path.read_bytes())
    change(said["properties"]["data"])
    path.write_bytes(orjson.dumps(said))


def test_what_is_published_is_read(docs: Path) -> None:
    result = check(docs)
    assert (result.exit_code, result.stdout) == (0, "the documents say what the models do\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda data: data["required"].remove("feedback_type"), "data.feedback_type: is required now"),
        (
            lambda data: data["properties"]["feedback_type"].pop("enum"),
            "data.feedback_type: only 'thumbs_up', 'thumbs_down', 'star_rating', 'emoji' is allowed now",
        ),
        (
            lambda data: data["properties"]["conversation_id"].update(type=["string", "integer"]),
            "data.conversation_id: the type integer is no longer allowed",
        ),
        (
            lambda data: data["properties"].update(mood={"type": "string"}),
            "data.mood: the field was removed or renamed",
        ),
        (
            lambda data: data["properties"]["reason"]["anyOf"][0].update(maxLength=40_000),
            "data.reason: maxLength is 32000 now, was 40000",
        ),
    ],
    ids=[
        "a new required field",
        "fewer values",
        "a narrower type",
        "a field that is gone",
        "a tighter limit",
    ],
)
def test_an_incompatible_change_fails(
    docs: Path, change: Callable[[dict[str, Any]], object], said: str
) -> None:
    publish(docs, change)
    result = check(docs)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"relearn: {FEEDBACK}: {said}; schemas/{FEEDBACK}.json is out of date\n"


def test_a_version_that_is_gone_fails(docs: Path) -> None:
    schemas = docs / "schemas"
    (schemas / "relearn.tick.v7.json").write_bytes((schemas / "relearn.tick.v1.json").read_bytes())
    assert "relearn.tick.v7: the type was removed" in check(docs).stderr


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=tests", "-c", "user.email=tests@localhost"]
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def test_what_was_published_at_a_commit_must_be_read_whatever_the_folder_says_now(docs: Path) -> None:
    original = (docs / "schemas" / f"{FEEDBACK}.json").read_bytes()
    publish(docs, lambda data: data["properties"].update(mood={"type": "string"}))
    (docs / "schemas" / "relearn.tick.v7.json").write_bytes(original)
    git(docs, "init", "--quiet")
    git(docs, "add", ".")
    git(docs, "commit", "--quiet", "--message", "as it was")
    (docs / "schemas" / f"{FEEDBACK}.json").write_bytes(original)
    (docs / "schemas" / "relearn.tick.v7.json").unlink()

    result = check(docs, "--since", "HEAD", "--json")
    assert result.exit_code == 1
    assert orjson.loads(result.stdout)["wrong"] == [
        f"{FEEDBACK}: data.mood: the field was removed or renamed",
        "relearn.tick.v7: the type was removed",
    ]


@pytest.mark.parametrize("commit", ["nothing-of-this-name", "--output=here"])
def test_a_commit_that_is_not_there_is_one_sentence(docs: Path, commit: str) -> None:
    git(docs, "init", "--quiet")
    result = check(docs, f"--since={commit}")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"relearn: what was published at {commit} cannot be read: fatal: ")
    assert len(result.stderr.splitlines()) == 1
    assert not (docs / "here").exists()
