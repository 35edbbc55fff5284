"""GSM8K answers: what models said to graded word problems, as tasks that were routed to them and completed.

A CSV file with the column `prompt` and, for each model, a column of its name (True or False: how its answer was
graded) and a column `<name>_response`. Tasks belong to no shop: those of the plan are not used.

The file says nothing of sizes, expectations and times. These are made of its texts by the rules below, none of
which looks at a grade: what is measured of tokens, confidence and duration is measured of the rules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cli.importers.source import Events, ImportRefused, Plan, Row, rows, stable_id
from schemas.event import Event
from schemas.fields import MAX_TEXT
from schemas.task import TaskCompleted, TaskData, TaskRouted

DATASET = "gsm8k"
PROMPT = "prompt"
RESPONSE = "_response"
GRADES = {"True": True, "False": False}

CHARACTERS_A_TOKEN = 4
CHARACTERS_A_SECOND = 50
"""At which a model is held to have written its answer; there is no other duration."""

NUMBER = re.compile(r"\d[\d,.]*")
DOUBT_A_NUMBER = 0.05
LEAST_CONFIDENCE = 0.5


def events(path: Path, plan: Plan) -> Events:
    """For each question and model a TaskRouted, as the plan spaces them, and the TaskCompleted at its end.

    Raises:
        ImportRefused: at the first row that is not such a question.
    """
    for index, answer in enumerate(_answers(path)):
        at = plan.begin + index * plan.spacing
        try:
            yield from _task(answer, at)
        except ValidationError as error:
            raise ImportRefused(path, f"line {answer.line}", error.errors()[0]["msg"]) from None


def tokens(*texts: str) -> int:
    """A quarter of the characters of each, rounded up."""
    return sum(ceil(len(text) / CHARACTERS_A_TOKEN) for text in texts)


def confidence(question: str) -> float:
    """Less for every number that must be reckoned with, never less than a half; the same for all models."""
    return round(max(LEAST_CONFIDENCE, 1 - DOUBT_A_NUMBER * len(NUMBER.findall(question))), 2)


def tier(model: str) -> str:
    """The model's name without its owner's: `owner/name` is `name`."""
    return model.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one model said to one question."""

    line: int
    model: str
    question: str
    response: str
    is_right: bool

    @property
    def task_id(self) -> str:
        return f"{DATASET}/line-{self.line}/{tier(self.model)}"

    @property
    def seconds(self) -> float:
        return len(self.response) / CHARACTERS_A_SECOND


def _answers(path: Path) -> Iterator[Answer]:
    for line, row in rows(path, (PROMPT,)):
        for model in _models(path, row):
            if (is_right := GRADES.get(row[model])) is None:
                raise ImportRefused(path, f"line {line}", f"{model!r} is neither True nor False")
            yield Answer(line, model, row[PROMPT], row[model + RESPONSE], is_right)


def _models(path: Path, row: Row) -> list[str]:
    """The columns beside which there is one of responses."""
    found = [name for name in row if name + RESPONSE in row]
    if not found:
        raise ImportRefused(path, "line 1", f"no column of a model with one {RESPONSE!r} beside it")
    if len({tier(name) for name in found}) < len(found):
        raise ImportRefused(path, "line 1", "two models have the same name")
    return found


def _task(answer: Answer, at: datetime) -> Events:
    yield _event(_routed(answer), at)
    yield _event(_completed(answer), at + timedelta(seconds=answer.seconds))


def _event(data: TaskData, at: datetime) -> Event[Any]:
    return Event(
        stable_id(DATASET, data.TYPE, data.task_id), f"/importers/{DATASET}", at, 0, data.task_id, data
    )


def _routed(answer: Answer) -> TaskRouted:
    return TaskRouted(
        task_id=answer.task_id,
        task_type="math_word_problem",
        task_description=answer.question,
        repo=DATASET,
        file_count=0,
        estimated_tokens=tokens(answer.question),
        model_tier=tier(answer.model),
        pool_type="api",
        routing_confidence=confidence(answer.question),
        metadata={"dataset": DATASET, "line": answer.line, "model": answer.model},
    )


def _completed(answer: Answer) -> TaskCompleted:
    """A wrong answer solves nothing: it has no summary."""
    return TaskCompleted(
        task_id=answer.task_id,
        success=answer.is_right,
        duration_seconds=answer.seconds,
        solution_summary=answer.response[:MAX_TEXT] or None if answer.is_right else None,
        tokens_used=tokens(answer.question, answer.response),
    )
