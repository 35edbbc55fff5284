"""How dead letters, and what became of sending them again, are told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from cli.dead_letters.letters import Deed, Letter, Letters
from cli.dead_letters.retrying import Try
from cli.screen import cell, harmless, print_entry, shortened
from schemas.saying import refusal, told
from schemas.topics import MAX_INPUT_BYTES

Told = dict[str, Any]


def as_json(letter: Letter, letters: Letters, domain: str) -> Told:
    """Everything but the bytes."""
    before, seen = letters.retry_of(letter), letter.seen
    return {
        "domain": domain,
        "input": str(letter.place),
        "state": letters.state(letter),
        "reason": letter.reason,
        "size": letter.size,
        "appended_at": letter.input.appended_at,
        "decided_at": letter.decided_at,
        "log": {"partition": letter.input.partition, "offset": letter.log_offset},
        "seems": {
            "type": seen.type,
            "id": seen.id,
            "shop": seen.shop,
            "task": seen.task,
            "conversation": seen.conversation,
        },
        "tries": letters.tries(letter),
        "retry_of": None if before is None else str(before.place),
        "deeds": [_deed_as_json(each) for each in letter.deeds],
    }


def _deed_as_json(deed: Deed) -> Told:
    return {
        "kind": "discarded" if deed.appended is None else "retried",
        "by": deed.by,
        "at": deed.at,
        "reason": deed.reason,
        "appended": None if deed.appended is None else str(deed.appended),
    }


def with_bytes(said: Told, raw: bytes) -> Told:
    """The letter with its bytes, as text where they are."""
    try:
        return said | {"text": raw.decode(), "is_text": True}
    except UnicodeDecodeError:
        return said | {"text": raw.decode("utf-8", "backslashreplace"), "is_text": False}


def render(out: Console, found: Sequence[Told]) -> None:
    """One entry a letter: where, how it stands, why, and what it seems to be."""
    for said in found:
        size = f"{said['size']:,} bytes"
        print_entry(
            out,
            said["input"],
            f"{said['state']}, {size}, {cell(said['decided_at'])}",
            [("!", said["reason"]), ("?", _seems(said)), *(("↻", each) for each in _history(said))],
        )


def render_counts(out: Console, counted: Counter[str], shown: int) -> None:
    """How many there are, also of those that were not asked for."""
    told = ", ".join(f"{count:,} {state}" for state, count in sorted(counted.items()))
    out.print(f"{shown:,} shown; {told}" if counted else "no dead letters")


def render_one(out: Console, said: Told) -> None:
    """Everything about a letter, and its bytes as far as a terminal bears them."""
    for name in ("input", "domain", "state", "reason", "decided_at", "size"):
        out.print(Text(f"{name:<12}{cell(said[name])}"))
    out.print(Text(f"{'log':<12}{said['log']['partition']}:{said['log']['offset']}"))
    out.print(Text(f"{'seems':<12}{_seems(said) or '-'}"))
    for line in _history(said):
        out.print(Text(f"{'history':<12}{harmless(line)}"))
    if said["size"] >= MAX_INPUT_BYTES:
        out.print(Text("it was longer: only its beginning was kept", style="red"))
    if not said["is_text"]:
        out.print(Text("not text: `--raw` writes the bytes themselves", style="red"))
    out.print(Text("\n" + harmless(said["text"])))


def _seems(said: Mapping[str, Any]) -> str:
    """What can be read of it: nobody has checked that."""
    seems = said["seems"]
    named = [f"{name} {seems[name]}" for name in ("id", "shop", "task", "conversation") if seems[name]]
    return ", ".join(filter(None, (seems["type"], *named)))


def _history(said: Mapping[str, Any]) -> Iterable[str]:
    if said["retry_of"]:
        yield f"was sent again from {said['retry_of']} (tries: {said['tries']})"
    last = len(said["deeds"]) - 1
    for number, deed in enumerate(said["deeds"]):
        words = f"{deed['kind']} {cell(deed['at'])} by {deed['by']}"
        if deed["appended"]:
            words += f" as {deed['appended']}"
            words += f": {said['state']}" if number == last else ""
        yield f"{words} ({deed['reason']})" if deed["reason"] else words


def try_as_json(each: Try) -> Told:
    """What became of one letter."""
    record = None if each.decided is None else each.decided.record
    return {
        "input": str(each.letter.place),
        "left": each.left,
        "appended": None if each.appended is None else str(each.appended),
        "decided_since": {"events": each.since.events, "of_conversation": each.since.of_conversation},
        "open_before": each.open_before,
        "refused": None if record is None else refusal(record),
        "outcomes": None
        if record is None
        else [outcome.model_dump(mode="json", exclude_none=True) for outcome in record.outcomes],
    }


def render_tries(out: Console, tries: Sequence[Try], kind: str) -> None:
    """What became of each letter; `kind` is by what their domain keeps order: shop or task."""
    for each in tries:
        if each.left is not None:
            line = f"{each.letter.place} left: {each.left}"
            out.print(Text(shortened(line, 400), style="yellow"))
            continue
        out.print(Text(f"{each.letter.place} → {each.appended}{_outcome(each)}"))
        for note in notes(each, kind):
            out.print(Text(f"  order: {harmless(note)}", style="yellow"))


def _outcome(each: Try) -> str:
    if each.decided is None:
        return ""
    return ": " + shortened("; ".join(told(each.decided.record)), 400)


def notes(each: Try, kind: str) -> Iterable[str]:
    """Where order could not be kept, and how far."""
    if count := each.since.events:
        words = f"{_events(count)} of {kind} {each.key} {_have(count)} been decided since it died"
        if talk := each.since.of_conversation:
            words += f", {talk:,} of them of its conversation {each.conversation}"
        yield words
    if count := each.open_before:
        letters = "dead letter" if count == 1 else "dead letters"
        yield f"{count:,} {letters} of {kind} {each.key} from before it {'is' if count == 1 else 'are'} still open"


def _events(count: int) -> str:
    return f"{count:,} event" if count == 1 else f"{count:,} events"


def _have(count: int) -> str:
    return "has" if count == 1 else "have"
