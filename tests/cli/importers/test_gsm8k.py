"""Graded answers become tasks, the same every time; what they say is what the file says."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from typer.testing import CliRunner

from cli.importers import IMPORTERS, ImportRefused, Plan
from cli.importers.gsm8k import confidence, tier, tokens
from cli.main import app
from schemas.codec import decode, encode
from schemas.event import Event
from schemas.fields import MAX_TEXT
from schemas.task import TaskCompleted, TaskRouted
from schemas.topics import EXECUTIONS

PLAN = Plan((11, 12), datetime(2025, 5, 1, tzinfo=UTC), timedelta(seconds=2))
REAL = Path(__file__).parents[4] / "shared" / "data" / "gsm8k_responses.csv"
SAMPLE = (
    "\ufeffprompt,owner/big-1,small,owner/big-1_response,small_response\r\n"
    '"How many are 2 and 2,000?",True,False," 2,002 of\nthem ","So it is 4."\r\n'
    "How many is one?,False,True,Two,\r\n"
)


def imported(path: Path) -> list[Event[Any]]:
    return list(IMPORTERS["gsm8k"].events(path, PLAN))


def sample(folder: Path, content: str = SAMPLE) -> list[Event[Any]]:
    path = folder / "answers.csv"
    path.write_bytes(content.encode())
    return imported(path)


@pytest.fixture(scope="module")
def real() -> list[Event[Any]]:
    if not REAL.exists():
        pytest.skip(f"{REAL.name} is not at hand: it is looked for in shared/data beside the repository")
    return imported(REAL)


def graded() -> list[dict[str, str]]:
    """The file without the importer."""
    with REAL.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def pairs(events: Iterable[Event[Any]]) -> Iterator[tuple[TaskRouted, TaskCompleted]]:
    told = iter(events)
    for routed, completed in zip(told, told, strict=True):
        assert routed.data.task_id == completed.data.task_id
        yield routed.data, completed.data


def written(events: Iterable[Event[Any]]) -> bytes:
    return b"\n".join(map(encode, events))


def test_a_question_becomes_a_task_of_every_model(tmp_path: Path) -> None:
    routed, completed = next(pairs(sample(tmp_path)))
    assert routed == TaskRouted(
        task_id="gsm8k/line-2/big-1",
        task_type="math_word_problem",
        task_description="How many are 2 and 2,000?",
        repo="gsm8k",
        file_count=0,
        estimated_tokens=7,
        model_tier="big-1",
        pool_type="api",
        routing_confidence=0.9,
        metadata={"dataset": "gsm8k", "line": 2, "model": "owner/big-1"},
    )
    assert completed == TaskCompleted(
        task_id="gsm8k/line-2/big-1",
        success=True,
        duration_seconds=0.26,
        solution_summary="2,002 of\nthem",
        tokens_used=11,
    )


def test_only_a_right_answer_is_a_solution(tmp_path: Path) -> None:
    told = [(r.model_tier, c.success, c.solution_summary) for r, c in pairs(sample(tmp_path))]
    assert told == [
        ("big-1", True, "2,002 of\nthem"),
        ("small", False, None),
        ("big-1", False, None),
        ("small", True, None),
    ]


def test_tasks_are_of_no_shop_and_end_when_their_answer_is_written(tmp_path: Path) -> None:
    events = sample(tmp_path)
    assert {event.shop_id for event in events} == {0}
    assert all(event.subject == event.data.task_id for event in events)
    begins = [event.time for event in events[::2]]
    assert begins == [PLAN.begin + PLAN.spacing * index for index in range(4)]
    took = [end.time - begin.time for begin, end in zip(events[::2], events[1::2], strict=True)]
    assert took == [timedelta(seconds=seconds) for seconds in (0.26, 0.22, 0.06, 0)]


def test_events_are_valid_and_always_the_same(tmp_path: Path) -> None:
    events = sample(tmp_path)
    assert len({event.id for event in events}) == len(events) == 8
    assert written(events) == written(sample(tmp_path))
    assert [decode(encode(event), EXECUTIONS.types, strict=True) for event in events] == events


def test_confidence_is_of_the_question_alone() -> None:
    assert confidence("Is it?") == 1
    assert confidence("$1,000.50 for 3, or 2.") == 0.85
    assert confidence("1 " * 100) == 0.5


def test_tokens_are_a_quarter_of_the_characters() -> None:
    assert tokens("") == 0
    assert tokens("12345", "1") == 3


def test_a_tier_is_named_without_its_owner() -> None:
    assert (tier("a/b/c"), tier("c")) == ("c", "c")


def test_a_solution_is_no_longer_than_a_text_may_be(tmp_path: Path) -> None:
    long = SAMPLE.replace("How many is one?,False,True,Two,", f"Why?,False,True,Two,{'a' * (MAX_TEXT + 1)}")
    *_, (_, completed) = pairs(sample(tmp_path, long))
    assert completed.solution_summary == "a" * MAX_TEXT
    assert completed.duration_seconds == (MAX_TEXT + 1) / 50


@pytest.mark.parametrize(
    ("content", "at", "reason"),
    [
        ("prompt,a\nWhy?,True\n", "line 1", "no column of a model with one '_response' beside it"),
        ("a,a_response\nTrue,So\n", "line 1", "no column 'prompt'"),
        ("prompt,a,a_response\n\nWhy?,true,So\n", "line 3", "'a' is neither True nor False"),
        ("prompt,x/a,x/a_response,y/a,y/a_response\nWhy?,True,So,True,So\n", "line 1", "two models have the same"),
        ("prompt,a,a_response\n ,True,So\n", "line 2", "'prompt' is empty"),
        (f"prompt,{'a' * 51},{'a' * 51}_response\nWhy?,True,So\n", "line 2", "String should have at most 50"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_with_its_place(
    tmp_path: Path, content: str, at: str, reason: str
) -> None:
    with pytest.raises(ImportRefused) as refused:
        sample(tmp_path, content)
    assert refused.value.at == at
    assert refused.value.reason.startswith(reason)


def test_the_command_prints_them_whatever_the_shop(tmp_path: Path) -> None:
    events = sample(tmp_path)
    words = ["import", "gsm8k", str(tmp_path / "answers.csv"), "--begin", "2025-05-01"]
    printed = CliRunner().invoke(app, [*words, "--shop", "5"])
    assert printed.exit_code == 0
    assert printed.stdout == CliRunner().invoke(app, words).stdout
    assert [orjson.loads(line)["id"] for line in printed.stdout.splitlines()] == [str(e.id) for e in events]


def test_every_answer_of_the_real_file_is_valid_and_always_the_same(real: list[Event[Any]]) -> None:
    assert Counter(event.type for event in real) == {TaskRouted.TYPE: 2638, TaskCompleted.TYPE: 2638}
    assert len({event.id for event in real}) == len(real)
    assert written(real) == written(imported(REAL))
    for event in real:
        assert decode(encode(event), EXECUTIONS.types, strict=True) == event


def test_grades_are_those_of_the_real_file(real: list[Event[Any]]) -> None:
    found = Counter((routed.model_tier, completed.success) for routed, completed in pairs(real))
    rows = graded()
    models = [name.removesuffix("_response") for name in rows[0] if name.endswith("_response")]
    assert found == Counter((name.split("/")[-1], row[name] == "True") for row in rows for name in models)
    assert found == {
        ("Mixtral-8x7B-Instruct-v0.1", True): 842,
        ("Mixtral-8x7B-Instruct-v0.1", False): 477,
        ("gpt-4-1106-preview", True): 1130,
        ("gpt-4-1106-preview", False): 189,
    }


def test_the_same_question_is_held_equally_likely_of_every_model(real: list[Event[Any]]) -> None:
    routed = [each for each, _ in pairs(real)]
    assert {r.routing_confidence for r in routed} >= {1.0, 0.5}
    assert [r.routing_confidence for r in routed[::2]] == [r.routing_confidence for r in routed[1::2]]
