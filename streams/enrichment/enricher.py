"""From a batch of inputs to the messages of the enriched topic. Knows no broker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from runtime.encoder import Embedding
from runtime.sentiment import SentimentAnalyser
from runtime.tracing import Header, carried
from schemas.enriched import (
    NOTHING,
    Absent,
    Coordinates,
    Embedded,
    Enriched,
    Enrichment,
    Invalid,
    Mood,
    encode,
)
from schemas.topics import MAX_RECORD_BYTES, DomainTopics
from schemas.value import value
from streams.enrichment.check import Astray, Check, RawInput, Valid
from streams.enrichment.texts import mood_text_of, texts_of

ROOM_BYTES = 256 * 1024
"""What a record says beside its input and its vectors."""


class TextEmbedder(Protocol):
    """Turns texts into vectors, off the event loop, as `runtime.embedding.Embedder` does."""

    @property
    def model(self) -> str:
        """The name to write on every vector."""

    async def embed(self, texts: Sequence[str], /) -> Sequence[Embedding]:
        """One embedding per text, in the same order."""


@value
class EnrichedMessage:
    """One message for the partition of its input. What is `astray` must be appended at home before."""

    input: Coordinates
    key: bytes | None
    value: bytes
    astray: Astray | None = None
    headers: Sequence[Header] = ()


class Enricher:
    """Enriches the inputs of one domain."""

    def __init__(
        self, domain: DomainTopics, embedder: TextEmbedder, analyser: SentimentAnalyser, partitions: int
    ) -> None:
        self._check = Check(domain, partitions)
        self._embedder = embedder
        self._analyser = analyser

    async def enrich(self, batch: Sequence[RawInput | Absent]) -> list[EnrichedMessage]:
        """One message for each, in order. The texts of all are embedded in one call."""
        checked = [each if isinstance(each, Absent) else self._check(each) for each in batch]
        texts = {i: found for i, each in _valid(checked) if (found := texts_of(each.event.data))}
        asked = {i: words for i, each in _valid(checked) if (words := mood_text_of(each.event.data))}
        vectors, moods = await asyncio.gather(self._embed(texts.values()), self._moods(asked))
        messages = (
            self._message(each, texts.get(i, {}), vectors, moods.get(i)) for i, each in enumerate(checked)
        )
        return [_traced(message, each) for message, each in zip(messages, batch, strict=True)]

    async def _embed(self, texts: Iterable[Mapping[str, str]]) -> Mapping[str, Embedded]:
        distinct = list(dict.fromkeys(words for parts in texts for words in parts.values()))
        if not distinct:
            return {}
        embedded = await self._embedder.embed(distinct)
        return {
            words: Embedded(each.vector, each.truncated)
            for words, each in zip(distinct, embedded, strict=True)
        }

    async def _moods(self, asked: Mapping[int, str]) -> Mapping[int, Mood]:
        if not asked:
            return {}
        return await asyncio.to_thread(lambda: {i: self._mood(words) for i, words in asked.items()})

    def _mood(self, words: str) -> Mood:
        found = self._analyser.analyse(words)
        return Mood(found.label, found.score, self._analyser.name)

    def _message(
        self,
        each: Valid | Invalid | Astray | Absent,
        texts: Mapping[str, str],
        vectors: Mapping[str, Embedded],
        mood: Mood | None,
    ) -> EnrichedMessage:
        match each:
            case Astray(moved=moved):
                return EnrichedMessage(moved.input, None, encode(moved), each)
            case Valid():
                return self._enriched(each, {part: vectors[words] for part, words in texts.items()}, mood)
            case _:
                return EnrichedMessage(each.input, None, encode(each))

    def _enriched(self, valid: Valid, vectors: Mapping[str, Embedded], mood: Mood | None) -> EnrichedMessage:
        found = NOTHING
        if vectors or mood:
            found = Enrichment(self._embedder.model if vectors else "", vectors, mood)
        value = encode(Enriched(valid.input, valid.raw, found))
        if len(value) > MAX_RECORD_BYTES - ROOM_BYTES:
            # Nobody could write it down, today or later: that makes a dead letter, not an endless retry.
            reason = f"is {len(value)} bytes with its {len(vectors)} vectors, more than a record can hold"
            return EnrichedMessage(valid.input, None, encode(Invalid(valid.input, reason, valid.raw)))
        return EnrichedMessage(valid.input, valid.key, value)


def _traced(message: EnrichedMessage, of: RawInput | Absent) -> EnrichedMessage:
    """The message with its input's trace, if it has one."""
    if isinstance(of, Absent) or not (context := carried(of.headers)):
        return message
    return replace(message, headers=context)


def _valid(checked: Sequence[Valid | Invalid | Astray | Absent]) -> Iterable[tuple[int, Valid]]:
    return ((i, each) for i, each in enumerate(checked) if isinstance(each, Valid))
