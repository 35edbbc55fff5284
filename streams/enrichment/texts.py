"""Which words of an event need a vector, by part (`schemas.enriched.Enrichment`), and which a mood."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.call import CallTranscribed
from schemas.conversation import ConversationRecorded
from schemas.correction import ResponseCorrected
from schemas.event import EventData
from schemas.feedback import FeedbackGiven
from schemas.knowledge import KnowledgeImported, KnowledgeProposed
from schemas.review import ItemApproved, KnowledgeEdited
from schemas.task import TaskCompleted, TaskRouted
from schemas.words import transcript_of, words_at
from streams.text import is_blank

Texts = Iterator[tuple[str, str | None]]


def texts_of(data: EventData) -> dict[str, str]:
    """The words to embed by part; parts may share words. Words without a letter or digit are left out."""
    reader = TEXTS.get(type(data))
    if reader is None:
        return {}
    return {part: words for part, words in reader(data) if words is not None and not is_blank(words)}


def mood_text_of(data: EventData) -> str | None:
    """The words whose mood is asked for; None if the event says it itself, or has none."""
    reader = MOODS.get(type(data))
    words = reader(data) if reader else None
    return None if is_blank(words) else words


def _feedback(data: FeedbackGiven) -> Texts:
    if data.is_negative:
        yield from _spoken(data, "question", "answer", "complaint", "response")


def _question_and_answer(data: EventData) -> Texts:
    yield from _spoken(data, "question", "answer")


def _call(data: CallTranscribed) -> Texts:
    words = words_at(data, "complaint")
    yield "document", words
    # Only a negative call proposes an item; without a sentiment of its own it may turn out to be one.
    if data.sentiment in (None, "negative"):
        yield "complaint", words
        yield from _question_and_answer(data)


def _conversation(data: ConversationRecorded) -> Texts:
    yield "document", transcript_of(data.messages) if is_blank(data.summary) else data.summary
    if data.handoff:
        yield from _turns(data)


def _turns(data: ConversationRecorded) -> Texts:
    """The owner's turns, and the user's that they can answer."""
    owner = [index for index, message in enumerate(data.messages) if message.role == "owner"]
    for index, message in enumerate(data.messages[: owner[-1] + 1] if owner else ()):
        if message.role != "assistant":
            yield f"turn/{index}", message.content


def _routed(data: TaskRouted) -> Texts:
    yield "task", data.words


def _completed(data: TaskCompleted) -> Texts:
    yield "solution", data.solution_summary


def _spoken(data: EventData, *parts: str) -> Texts:
    return ((part, words_at(data, part)) for part in parts)


def _mood_of_call(data: CallTranscribed) -> str | None:
    return data.transcript if data.sentiment is None else None


def _mood_of_conversation(data: ConversationRecorded) -> str | None:
    return "\n".join(message.content for message in data.messages if message.role == "user")


TEXTS: Mapping[type[EventData], Callable[[Any], Texts]] = {
    FeedbackGiven: _feedback,
    ResponseCorrected: _question_and_answer,
    CallTranscribed: _call,
    ConversationRecorded: _conversation,
    KnowledgeProposed: _question_and_answer,
    KnowledgeImported: _question_and_answer,
    ItemApproved: _question_and_answer,
    KnowledgeEdited: _question_and_answer,
    TaskRouted: _routed,
    TaskCompleted: _completed,
}
"""Events with words that are compared or searched; all others have none."""

MOODS: Mapping[type[EventData], Callable[[Any], str | None]] = {
    CallTranscribed: _mood_of_call,
    ConversationRecorded: _mood_of_conversation,
}
