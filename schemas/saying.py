"""What was decided, in words: one line an outcome."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from schemas.learning import ItemOutcome, KnowledgeOutcome
from schemas.outcome import (
    DeadLettered,
    DeadLetterHandled,
    DuplicateIgnored,
    InputMoved,
    Outcome,
    PolicyAdopted,
    RequestRefused,
)
from schemas.record import Record
from schemas.standing import ItemState, KnowledgeState

CAPITAL = re.compile(r"(?<!^)(?=[A-Z])")

REASONS = {
    "stale": "it has changed since the version that you name: look at it again",
    "answer_required": "it has no answer: give one",
    "assigned": "another reviewer holds it",
    "not_assigned": "nobody holds it",
    "not_pending": "it is no longer pending",
    "not_pending_or_approved": "it is neither pending nor approved",
    "last_source": "it is the only source of that item",
    "unknown_source": "that is not a source of this item",
    "own_source": "whoever said it cannot approve it: it needs a second pair of eyes",
    "not_live": "it is no longer live",
    "unknown": "there is no such thing in this shop",
}
"""Reasons for which a reviewer wants more than a name."""


IMPORTED: Mapping[str, str] = {
    "KnowledgeImported": "live now",
    "KnowledgeUnchanged": "unchanged",
    "ItemUnchanged": "unchanged",
    "KnowledgeConfirmed": "known already from elsewhere",
    "ItemProposed": "left to reviewers",
    "ItemCorroborated": "left to reviewers",
    "DuplicateIgnored": "sent before",
    "EchoIgnored": "known already from elsewhere",
}
"""What became of an imported entry, by the first outcome that says so."""


def told(record: Record) -> list[str]:
    """A line for each outcome of a record."""
    return [line(outcome) for outcome in record.outcomes] or ["nothing follows from it"]


def refusal(record: Record) -> str | None:
    """Why the whole request came to nothing; None if anything was decided."""
    refused = [o for o in record.outcomes if isinstance(o, RequestRefused | DeadLettered | InputMoved)]
    return (
        "; ".join(line(each) for each in refused)
        if refused and len(refused) == len(record.outcomes)
        else None
    )


def line(outcome: Outcome) -> str:
    """One outcome."""
    match outcome:
        case RequestRefused():
            return _refused(outcome)
        case DeadLettered(reason=reason):
            return f"cannot be decided: {reason}"
        case DuplicateIgnored(event_id=event_id):
            return f"event {event_id} had been decided before"
        case PolicyAdopted(policy_hash=name):
            return f"policy {name} adopted"
        case ItemOutcome(was=was, now=now) | KnowledgeOutcome(was=was, now=now):
            return f"{_action(outcome)} {outcome.entity_id}{_change(was, now)}{_second_pair(outcome)}"
    return f"{_action(outcome)} {_about(outcome) or ''}".rstrip()


def _about(outcome: Outcome) -> str | None:
    if isinstance(outcome, DeadLetterHandled):
        return f"{outcome.topic}/{outcome.partition}/{outcome.offset}"
    return outcome.entity_id


def _refused(outcome: RequestRefused) -> str:
    about = " ".join(filter(None, (outcome.entity, outcome.entity_id)))
    state = f" ({outcome.state})" if outcome.state else ""
    more = f": {REASONS[outcome.reason]}" if outcome.reason in REASONS else ""
    return f"refused for {about}{state}: {outcome.reason}{more}"


def _action(outcome: Outcome) -> str:
    """`item approved` of an ItemApproved."""
    return CAPITAL.sub(" ", type(outcome).__name__).lower()


def _second_pair(outcome: Outcome) -> str:
    needed = isinstance(outcome, ItemOutcome) and outcome.needs_second_pair
    return ", needs a second pair of eyes" if needed else ""


State = ItemState | KnowledgeState


def _change(was: State | None, now: State | None) -> str:
    changes = [
        f"{name} {_shown(before)} → {_shown(after)}" if was else f"{name} {_shown(after)}"
        for name, before, after in _fields(was, now)
        if before != after
    ]
    return f" ({', '.join(changes)})" if changes else ""


def _fields(was: State | None, now: State | None) -> list[tuple[str, object, object]]:
    if now is None:
        return []
    return [(name, getattr(was, name, None), getattr(now, name)) for name in type(now).model_fields]


def _shown(value: object) -> str:
    return "none" if value is None else str(value)


def without_vectors(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON has it, without its vectors and the words that it carries for them."""
    said = outcome.model_dump(mode="json", exclude_none=True)
    return {name: value for name, value in said.items() if "embedding" not in name and name != "words"}


def became(record: Record) -> str:
    """What became of one imported entry."""
    if (refused := refusal(record)) is not None:
        return refused
    kinds = [type(outcome).__name__ for outcome in record.outcomes]
    return next((IMPORTED[kind] for kind in kinds if kind in IMPORTED), "without effect")
