"""Which words are embedded, under which part, and whose mood is asked for."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from schemas.call import CallTranscribed
from schemas.control import Tick
from schemas.conversation import ConversationRecorded
from schemas.correction import ResponseCorrected
from schemas.event import EventData
from schemas.feedback import FeedbackGiven
from schemas.knowledge import KnowledgeImported, KnowledgeProposed
from schemas.response import ResponseServed
from schemas.review import ItemApproved, ItemRejected, KnowledgeEdited
from schemas.topics import DOMAINS
from schemas.words import FIELDS, words_at
from streams.enrichment.texts import TEXTS, mood_text_of, texts_of

A = uuid4()
TRANSCRIPT = "Agent: hello. Customer: it broke."


def feedback(**said: Any) -> EventData:
    return FeedbackGiven.model_validate({"conversation_id": A, "feedback_type": "thumbs_down", **said})


def call(**said: Any) -> EventData:
    return CallTranscribed.model_validate({"transcript": TRANSCRIPT, **said})


def conversation(*turns: str, **said: Any) -> EventData:
    roles = {"u": "user", "a": "assistant", "o": "owner"}
    messages = [{"role": roles[turn[0]], "content": turn[2:]} for turn in turns]
    about = {"conversation_id": A, "user_id": "ann", "channel": "web", "messages": messages}
    return ConversationRecorded.model_validate(about | said)


def knowledge(kind: type[EventData], **said: Any) -> EventData:
    return kind.model_validate({"content": "We open at ten.", **said})


EVERYTHING = {"question": "q?", "suggested_answer": "a!", "reason": "r.", "response": "s."}
OWN = {"question": "q?", "suggested_answer": "a!"}

CASES: dict[str, tuple[EventData, dict[str, str]]] = {
    "negative feedback": (
        feedback(**EVERYTHING),
        {"question": "q?", "answer": "a!", "complaint": "r.", "response": "s."},
    ),
    "two stars": (feedback(feedback_type="star_rating", rating=2, reason="r."), {"complaint": "r."}),
    "praise": (feedback(**EVERYTHING | {"feedback_type": "thumbs_up"}), {}),
    "three stars": (feedback(**EVERYTHING | {"feedback_type": "star_rating", "rating": 3}), {}),
    "feedback of signs": (feedback(reason="?!... 🙂", question=" \n"), {}),
    "a correction": (
        ResponseCorrected(conversation_id=A, question="q?", original_response="no", corrected_answer="a!"),
        {"question": "q?", "answer": "a!"},
    ),
    "a call": (call(), {"document": TRANSCRIPT, "complaint": TRANSCRIPT}),
    "a summarised call": (
        call(processed_summary="It broke.", **OWN),
        {"document": "It broke.", "complaint": "It broke.", "question": "q?", "answer": "a!"},
    ),
    "a negative call": (call(sentiment="negative"), {"document": TRANSCRIPT, "complaint": TRANSCRIPT}),
    "a call whose insights say what it does not": (
        call(sentiment="negative", learning_insights=OWN),
        {"document": TRANSCRIPT, "complaint": TRANSCRIPT},
    ),
    "a friendly call": (call(sentiment="positive", **OWN), {"document": TRANSCRIPT}),
    "a conversation": (
        conversation("u when?", "a at ten", "o no, at nine"),
        {"document": "user: when?\nassistant: at ten\nowner: no, at nine"},
    ),
    "a summarised conversation": (conversation("u when?", summary="Hours."), {"document": "Hours."}),
    "a conversation with an empty summary": (conversation("u hi", summary=" -- "), {"document": "user: hi"}),
    "a conversation without turns": (conversation(), {}),
    "handed off": (
        conversation("u when?", "a hm", "o nine", "u thanks", summary="s", handoff=True),
        {"document": "s", "turn/0": "when?", "turn/2": "nine"},
    ),
    "handed off, several turns of the owner": (
        conversation("o hi", "u when?", "o ?!", "u and?", "o ten", "u bye", summary="s", handoff=True),
        {"document": "s", "turn/0": "hi", "turn/1": "when?", "turn/3": "and?", "turn/4": "ten"},
    ),
    "handed off, no owner yet": (conversation("u when?", summary="s", handoff=True), {"document": "s"}),
    "a proposal": (
        knowledge(KnowledgeProposed, question="q?"),
        {"question": "q?", "answer": "We open at ten."},
    ),
    "an import": (knowledge(KnowledgeImported, source="faq"), {"answer": "We open at ten."}),
    "an edit": (
        knowledge(KnowledgeEdited, knowledge_id=A, reviewer_id=A, reason="typo", question="q?"),
        {"question": "q?", "answer": "We open at ten."},
    ),
    "an approval": (ItemApproved(item_id=A, reviewer_id=A), {}),
    "an approval in other words": (
        ItemApproved(item_id=A, reviewer_id=A, edited_content="At nine."),
        {"answer": "At nine."},
    ),
    "a rejection": (ItemRejected(item_id=A, reviewer_id=A, note="no"), {}),
    "a response": (ResponseServed(conversation_id=A, response_text="hello", response_type="faq"), {}),
    "a tick": (Tick(partition=1), {}),
}


@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES)
def test_the_words_that_are_embedded(data: EventData, expected: dict[str, str]) -> None:
    assert texts_of(data) == expected


@pytest.mark.parametrize(("data", "expected"), CASES.values(), ids=CASES)
def test_parts_are_where_projections_look_for_them(data: EventData, expected: dict[str, str]) -> None:
    assert {part: words_at(data, part) for part in texts_of(data) if part != "document"} == {
        part: words for part, words in expected.items() if part != "document"
    }


def test_every_type_whose_words_have_a_part_is_read() -> None:
    assert {kind for kind, _ in FIELDS} <= {kind.TYPE for kind in TEXTS}
    assert {kind.TYPE for kind in TEXTS} <= {name for domain in DOMAINS.values() for name in domain.types}


MOODS: dict[str, tuple[EventData, str | None]] = {
    "a call": (call(processed_summary="It broke."), TRANSCRIPT),
    "a call that says it": (call(sentiment="mixed"), None),
    "a conversation": (conversation("u it broke", "a sorry", "u again"), "it broke\nagain"),
    "a conversation without a user": (conversation("a hello"), None),
    "a conversation of signs": (conversation("u ??", "u !!"), None),
    "feedback": (feedback(**EVERYTHING), None),
}


@pytest.mark.parametrize(("data", "expected"), MOODS.values(), ids=MOODS)
def test_whose_mood_is_asked_for(data: EventData, expected: str | None) -> None:
    assert mood_text_of(data) == expected
