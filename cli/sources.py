"""How the sources of an item are shown: each with its own words, so that a reviewer can judge a merge."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from cli.screen import cell, harmless
from projections.queries import Row

WORDS = {
    "question": "asked",
    "response": "was told",
    "complaint": "complained",
    "answer": "should be",
    "context": "context",
}
"""The words of a source, in the order in which they are said, and what stands before them."""

LINES = 8
"""How much of a conversation is shown: its last lines."""

LONGEST = 600
"""Characters of a text that are shown; --json prints it whole."""


def print_source(out: Console, row: Row) -> None:
    """One source: what it is and when it came, then its words, a line or more for each."""
    out.print(Text(f"{row['source_id']}  ", style="bold").append(", ".join(_told(row)), style="not bold"))
    lines = [Text(f"{label:<11}{_shown(row[name])}") for name, label in WORDS.items() if row[name]]
    lines += [Text(line, style="dim") for line in _conversation(row)]
    for line in lines or [Text("no words of its own are kept", style="dim")]:
        out.print(Padding(line, (0, 0, 0, 2)))


def _told(row: Row) -> Iterator[str]:
    yield " ".join(cell(row[name]) for name in ("source_type", "feedback_type", "priority") if row[name])
    if row["rating"] is not None:
        yield f"rating {row['rating']}"
    if row["similarity"] is not None:
        yield f"similarity {row['similarity']:.4f}"
    yield f"base confidence {row['base_confidence']}"
    yield cell(row["at"])
    if row["actor_id"]:
        yield f"by {_shown(row['actor_id'])}"


def _shown(text: str) -> str:
    """The beginning of the words of a stranger."""
    plain = harmless(text[:LONGEST])
    return plain if len(text) <= LONGEST else f"{plain}…"


def _conversation(row: Row) -> Iterator[str]:
    if row["conversation_id"] is None:
        return
    yield f"conversation {row['conversation_id']}"
    yield from (f"  {_shown(line)}" for line in (row["conversation"] or "").splitlines()[-LINES:])
