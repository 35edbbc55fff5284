"""Banking77: questions of a bank's customers, as calls.

A CSV file with the columns `text` and `category` (one of 77 intents).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from cli.importers.source import Events, ImportRefused, Plan, Row, rows, stamped
from schemas.call import CallTranscribed

DATASET = "banking77"

NEGATIVE_EVERY = 5
"""Every fifth call says of itself that it is negative; the others leave it to the analyser."""


def events(path: Path, plan: Plan) -> Events:
    """One CallTranscribed for each row.

    Raises:
        ImportRefused: at the first row that is not such a question.
    """
    return stamped(DATASET, plan, _calls(path, plan))


def _calls(path: Path, plan: Plan) -> Iterator[tuple[int, str, CallTranscribed]]:
    for index, (line, row) in enumerate(rows(path, ("text", "category"))):
        try:
            yield plan.shop(index), f"line-{line}", _call(index, line, row)
        except ValidationError as error:
            raise ImportRefused(path, f"line {line}", error.errors()[0]["msg"]) from None


def _call(index: int, line: int, row: Row) -> CallTranscribed:
    question = row["text"]
    return CallTranscribed(
        actor_id=f"{DATASET}-caller-{line}",
        transcript=f"Caller: Hello, I am calling about my account. {question}",
        sentiment="negative" if index % NEGATIVE_EVERY == 0 else None,
        entities={"intent": row["category"]},
        question=question,
        metadata={"dataset": DATASET, "line": line},
    )
