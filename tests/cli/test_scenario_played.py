"""The demo, played with the real model through the enricher's and the decider's own functions: no broker."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from typing import Any, NamedTuple

import orjson
import pytest
from jsonschema import Draft202012Validator

from cli.scenario import Message
from runtime.embedding import Embedder
from schemas.documents import json_schemas
from schemas.messages import DEAD_LETTER
from schemas.outcome import Outcome
from schemas.record import RecordCodec
from schemas.topics import DEAD_LETTERS, LEARNING
from streams.enrichment.texts import texts_of
from streams.learning.decider import Learning
from streams.partition import Decision
from tests.cli.played import MESSAGES, PHASES

SAME, DIFFERENT = 0.87, 0.83
"""Both well away from the policy's threshold of 0.85."""

Played = list[tuple[Message, tuple[Outcome, ...]]]
SCHEMAS = json_schemas(LEARNING) | {DEAD_LETTERS.name: DEAD_LETTER}


@pytest.fixture(scope="module")
def played(decided: list[Decision]) -> Played:
    """Each message with its outcomes."""
    return list(zip(MESSAGES, (decision.record.outcomes for decision in decided[1:]), strict=True))


def outcomes_of(played: Played, name: str) -> list[str]:
    """What was decided when this message was sent for the first time, in words."""
    return [said(outcome) for outcome in next(found for message, found in played if message.name == name)]


def kind_of(outcome: Any) -> str:
    return str(outcome.kind)


def said(outcome: Any) -> str:
    why = getattr(outcome, "reason", None) or getattr(outcome, "why", None) or getattr(outcome, "by", None)
    state = getattr(outcome, "now", None)
    confidence = getattr(state, "confidence", None)
    return " ".join(str(part) for part in (kind_of(outcome), why, confidence) if part is not None)


def test_nothing_is_learned_before_anybody_complains(played: Played) -> None:
    quiet = {message.name for phase in PHASES[:3] for message in phase.messages}
    kinds = {kind_of(outcome) for message, found in played if message.name in quiet for outcome in found}
    assert not any(kind.startswith("Item") for kind in kinds)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("bike/faq/hours/again", ["KnowledgeUnchanged"]),
        ("bike/handbook/puncture", ["KnowledgeConfirmed"]),
        ("bike/cargo-1/feedback", ["FeedbackStored", "ItemProposed 50"]),
        ("bike/cargo-2/feedback", ["FeedbackStored", "ItemCorroborated 75"]),
        ("bike/cargo-3/feedback", ["FeedbackStored", "ItemCorroborated 88"]),
        ("bike/cargo-1/once-more", ["FeedbackStored", "ItemCorroborated 88"]),
        ("hotel/pets-1/feedback", ["FeedbackStored", "KnowledgeDisputed", "ItemProposed 50"]),
        ("hotel/noise-2", ["FeedbackStored", "ItemCorroborated 75"]),
        ("hotel/call/charging", ["CallStored", "ItemCorroborated 93"]),
        ("bike/fix/cargo", ["CorrectionStored", "ItemCorroborated 97"]),
        ("bike/fix/tubeless-mechanic", ["CorrectionStored", "ItemProposed 80"]),
        ("bike/fix/returns", ["CorrectionStored", "KnowledgeConfirmed"]),
        ("coffee/fix/free-owner", ["CorrectionStored", "ItemProposed 80"]),
        ("coffee/fix/free-warehouse", ["CorrectionStored", "ItemCorroborated 96"]),
        (
            "coffee/fix/nuts",
            [
                *("CorrectionStored", "ItemProposed 95", "ItemApproved urgency 95"),
                *("KnowledgeApplied", "ItemApplied 95", "KnowledgeSuperseded"),
            ],
        ),
        (
            "hotel/fix/late-urgent",
            [
                *("CorrectionStored", "ItemCorroborated 99", "ItemApproved urgency 99"),
                *("KnowledgeApplied", "ItemApplied 99"),
            ],
        ),
        ("hotel/fix/breakfast", ["CorrectionStored", "EchoIgnored cited"]),
        ("hotel/echo/parking", ["EchoIgnored assistant"]),
        ("hotel/group/later/talk", ["ConversationStored", "ItemProposed 60"]),
        ("bike/review/cargo-by-jon", ["RequestRefused assigned"]),
        ("bike/review/cargo-old-page", ["RequestRefused stale"]),
        ("bike/review/ready-empty", ["RequestRefused answer_required"]),
        ("hotel/review/unknown", ["RequestRefused unknown"]),
        ("hotel/review/apply-nothing", []),
        ("bike/site/delivery", ["ItemProposed 80"]),
        ("coffee/site/origin", ["KnowledgeUnchanged"]),
        (
            "bike/fix/second-hand-too",
            ["CorrectionStored", "ItemCorroborated 96", "ItemApproved confidence 96"],
        ),
        ("bike/cargo-4/feedback", ["FeedbackStored", "KnowledgeDisputed", "ItemProposed 50"]),
        ("bike/undo/test-ride", ["KnowledgeRolledBack", "KnowledgeRevived"]),
        ("hotel/undo/pets", ["KnowledgeRolledBack", "KnowledgeRevived", "ItemReturned rolled_back 80"]),
        ("bike/undo/flyer", ["RequestRefused not_live"]),
        ("coffee/retract/dislike-again", ["RequestRefused not_live"]),
        ("coffee/edit/nuts-old", ["RequestRefused not_live"]),
        ("coffee/merge/bitter", ["RequestRefused last_source"]),
    ],
)
def test_what_the_chapters_promise_happens(played: Played, name: str, expected: list[str]) -> None:
    assert outcomes_of(played, name) == expected


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("coffee/fix/free-marketing", "coffee/fix/free-owner"),
        ("bike/tubeless-1/feedback", "bike/fix/tubeless-mechanic"),
    ],
)
def test_opposite_answers_are_in_conflict(played: Played, first: str, second: str) -> None:
    proposed: dict[str, Any] = {
        m.name: o for m, found in played for o in found if kind_of(o) == "ItemProposed"
    }
    assert proposed[second].conflicts_with == (proposed[first].item_id,)


def test_a_merge_is_taken_apart(played: Played) -> None:
    assert sorted(outcomes_of(played, "hotel/merge/noise")) == ["ItemSplit 50", "MergeReverted 50"]


def test_bad_messages_are_dead_letters_and_repeats_are_ignored(played: Played) -> None:
    bad = [message.name for message, found in played if found and kind_of(found[0]) == "DeadLettered"]
    assert bad == [message.name for message in MESSAGES if message.why]
    assert len(bad) == 10
    again = [message.name for message, found in played if found and kind_of(found[0]) == "DuplicateIgnored"]
    assert again == ["bike/anna/feedback", "bike/review/cargo"]


def test_nothing_is_refused_that_was_not_meant_to_be(played: Played) -> None:
    refused: list[Any] = [o for _, found in played for o in found if kind_of(o) == "RequestRefused"]
    assert Counter(outcome.reason for outcome in refused) == {
        "assigned": 1,
        "stale": 1,
        "answer_required": 1,
        "unknown": 1,
        "not_live": 3,
        "last_source": 1,
    }


def test_records_and_feeds_are_of_their_published_schemas(decided: list[Decision]) -> None:
    codec = RecordCodec(LEARNING.types, Learning.outcomes)
    written = [(LEARNING.log.name, codec.encode(decision.record)) for decision in decided]
    written += [(f.topic, f.value or b"null") for decision in decided for f in decision.feeds]
    assert {topic for topic, _ in written} == {"learning.decisions", "knowledge.live", "dead-letters"}
    checks = {name: Draft202012Validator(schema) for name, schema in SCHEMAS.items()}
    for topic, value in written:
        assert [error.message for error in checks[topic].iter_errors(orjson.loads(value))] == []


class Asked(NamedTuple):
    """A question that is compared, with the topic that it is meant to be about."""

    shop_id: int
    about: str | None
    question: str


def asked(message: Message) -> Iterator[Asked]:
    if message.event is None:
        return
    data: Any = message.event.data
    texts = texts_of(data)
    question = texts.get("question")
    for part, words in texts.items():
        if part.startswith("turn/") and data.messages[int(part[5:])].role == "user" and "?" in words:
            question = words if message.about else None
    if question:
        yield Asked(message.event.shop_id, message.about, question)


async def test_the_same_is_near_and_the_different_is_not(embedder: Embedder) -> None:
    questions = list(dict.fromkeys(each for message in MESSAGES for each in asked(message)))
    embedded = await embedder.embed([each.question for each in questions])
    of_shop: dict[int, list[tuple[Asked, Any]]] = defaultdict(list)
    for each, found in zip(questions, embedded, strict=True):
        assert each.about, f"{each.question!r} is compared and has no label"
        of_shop[each.shop_id].append((each, found.vector))
    pairs = [pair for known in of_shop.values() for pair in combinations(known, 2)]
    same = {(a.question, b.question): float(v @ w) for (a, v), (b, w) in pairs if a.about == b.about}
    different = {(a.question, b.question): float(v @ w) for (a, v), (b, w) in pairs if a.about != b.about}
    assert len(same) >= 20
    assert [pair for pair, near in same.items() if near < SAME] == []
    assert [pair for pair, near in different.items() if near >= DIFFERENT] == []
