"""TruthfulQA: popular misconceptions, as an owner's corrections of an assistant that shares them.

A CSV file with the columns `Category`, `Question`, `Best Answer`, `Best Incorrect Answer`, `Type`, `Source`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from cli.importers.source import Events, ImportRefused, Plan, Row, rows, stable_id, stamped
from schemas.correction import Priority, ResponseCorrected

DATASET = "truthfulqa"
NEEDED = ("Category", "Question", "Best Answer", "Best Incorrect Answer")


def events(path: Path, plan: Plan) -> Events:
    """One ResponseCorrected for each row, each in a conversation of its own.

    Raises:
        ImportRefused: at the first row that is not such a question.
    """
    return stamped(DATASET, plan, _corrections(path, plan))


def priority(index: int) -> Priority:
    """Of 40 rows 1 is urgent, 5 are high, 5 low and 29 normal."""
    if index % 40 == 20:
        return "urgent"
    others: dict[int, Priority] = {3: "high", 6: "low"}
    return others.get(index % 8, "normal")


def _corrections(path: Path, plan: Plan) -> Iterator[tuple[int, str, ResponseCorrected]]:
    for index, (line, row) in enumerate(rows(path, NEEDED)):
        shop = plan.shop(index)
        try:
            yield shop, f"line-{line}", _correction(shop, index, line, row)
        except ValidationError as error:
            raise ImportRefused(path, f"line {line}", error.errors()[0]["msg"]) from None


def _correction(shop: int, index: int, line: int, row: Row) -> ResponseCorrected:
    read = {"type": row.get("Type"), "source": row.get("Source")}
    return ResponseCorrected(
        actor_id=f"owner-{shop}",
        conversation_id=stable_id(DATASET, shop, "conversation", line),
        question=row["Question"],
        original_response=row["Best Incorrect Answer"],
        corrected_answer=row["Best Answer"],
        priority=priority(index),
        category=row["Category"],
        metadata={"dataset": DATASET, "line": line} | {name: said for name, said in read.items() if said},
    )
