"""From an event and its enrichment to texts with vectors."""

from __future__ import annotations

from schemas import standing
from schemas.standing import Kind, Parts, Words
from schemas.vector import to_text
from schemas.words import words_at
from streams.domain import Given
from streams.learning.state import KINDS, Speaker, Text, Texts


def text_at(given: Given, part: str | None) -> Text | None:
    """The text of this part, with its vector; None where nothing was said (or nothing that means anything)."""
    if part is None or (embedded := given.enrichment.vectors.get(part)) is None:
        return None
    words = words_at(given.data, part)
    if words is None:
        return None
    speaker = Speaker(given.data.conversation, given.data.actor_id)
    return Text(words, embedded.vector, embedded.truncated, speaker)


def texts_at(given: Given, parts: Parts) -> Texts:
    """The texts that these parts name."""
    return Texts(
        text_at(given, parts.question), text_at(given, parts.answer), text_at(given, parts.complaint)
    )


def parts_of(given: Given) -> Parts:
    """The parts in which this event says something, under their own names."""
    said: dict[Kind, Kind] = {kind: kind for kind in KINDS if text_at(given, kind) is not None}
    return Parts(**said)


def to_words(texts: Texts, category: str | None) -> Words:
    """Texts as they travel in an outcome."""
    said = {kind: text for kind in KINDS if (text := texts.of(kind)) is not None}
    return Words(
        **{kind: text.words for kind, text in said.items()},
        category=category,
        vectors={kind: to_text(text.vector) for kind, text in said.items()},
        truncated=tuple(kind for kind, text in said.items() if text.truncated),
        speakers={kind: _as_said(text.speaker) for kind, text in said.items()},
    )


def _as_said(speaker: Speaker) -> standing.Speaker:
    return standing.Speaker(conversation_id=speaker.conversation, actor_id=speaker.actor)
