"""A batch becomes one message for each input, in order, with one call of the model."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import numpy as np
import orjson
import pytest

from runtime.sentiment import sentiment_analyser
from schemas.enriched import NOTHING, Absent, Coordinates, Enriched, Invalid, Moved, decode
from schemas.topics import LEARNING, MAX_RECORD_BYTES
from streams.enrichment.check import RawInput
from streams.enrichment.enricher import Enricher
from tests.streams.enrichment.inputs import (
    PARTITIONS,
    LetterCounts,
    event,
    feedback,
    home,
    raw,
    served,
)


@pytest.fixture
def embedder() -> LetterCounts:
    return LetterCounts()


@pytest.fixture
def enricher(embedder: LetterCounts) -> Enricher:
    return Enricher(LEARNING, embedder, sentiment_analyser("vader"), PARTITIONS)


async def test_each_input_gives_one_message_in_order(enricher: Enricher) -> None:
    absent = Absent(Coordinates("learning.events", home(7), 3, 0), 9)
    astray = raw(feedback(), key=None, partition=(home(7) + 1) % PARTITIONS, offset=10)
    batch: list[RawInput | Absent] = [
        raw(feedback(), offset=1),
        raw(b"no", offset=2),
        absent,
        astray,
        raw(served(), offset=11),
    ]
    messages = await enricher.enrich(batch)
    said = [decode(message.value)[0] for message in messages]
    assert [type(each) for each in said] == [Enriched, Invalid, Absent, Moved, Enriched]
    assert [each.input.offset for each in messages] == [1, 2, 3, 10, 11]
    assert [message.key for message in messages] == [b"7", None, None, None, b"7"]
    assert [message.astray is not None for message in messages] == [False, False, False, True, False]


async def test_all_texts_of_a_batch_are_embedded_in_one_call_each_once(
    enricher: Enricher, embedder: LetterCounts
) -> None:
    said = {"reason": "too slow", "question": "when?"}
    batch = [raw(feedback(said=said)), raw(feedback(said=said | {"question": "x" * 2000}))]
    first, second = (decode(each.value)[0] for each in await enricher.enrich(batch))
    assert embedder.calls == [["when?", "too slow", "x" * 2000]]
    assert isinstance(first, Enriched)
    assert isinstance(second, Enriched)
    assert first.enrichment.model == "letter-counts"
    assert {part: each.truncated for part, each in second.enrichment.vectors.items()} == {
        "question": True,
        "complaint": False,
    }
    np.testing.assert_array_equal(first.enrichment.vectors["question"].vector, embedder.vector("when?"))


async def test_what_has_no_words_wakes_no_model(enricher: Enricher, embedder: LetterCounts) -> None:
    value = orjson.dumps(served())
    (message,) = await enricher.enrich([raw(value)])
    said, _ = decode(message.value)
    assert isinstance(said, Enriched)
    assert (said.raw, said.enrichment) == (value, NOTHING)
    assert embedder.calls == []


async def test_a_missing_mood_is_found_and_named(enricher: Enricher) -> None:
    data = {"transcript": "This is a terrible, horrible mess and I hate it."}
    (message,) = await enricher.enrich([raw(event("relearn.call.transcribed.v1", 7, data))])
    said, _ = decode(message.value)
    assert isinstance(said, Enriched)
    assert said.enrichment.mood is not None
    assert said.enrichment.mood.label == "negative"
    assert said.enrichment.mood.analyser.startswith("vader")


class Wide(LetterCounts):
    """A model of 8,192 numbers."""

    @staticmethod
    def vector(text: str) -> Any:
        return np.full(8192, 1 / np.sqrt(8192), np.float32)


async def test_what_no_record_could_hold_is_a_dead_letter() -> None:
    turns = [{"role": "owner", "content": f"answer {i}"} for i in range(500)]
    data = {
        "conversation_id": str(uuid4()),
        "user_id": "a",
        "channel": "b",
        "messages": turns,
        "handoff": True,
    }
    enricher = Enricher(LEARNING, Wide(), sentiment_analyser("none"), PARTITIONS)
    (message,) = await enricher.enrich([raw(event("relearn.conversation.recorded.v1", 7, data))])
    said, _ = decode(message.value)
    assert isinstance(said, Invalid)
    assert "501 vectors" in said.reason
    assert len(message.value) < MAX_RECORD_BYTES
