"""A call in version 1 means what it always meant: what was decided about it, what was kept and what is shown."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from projections.writer import Writer
from schemas.call import CallTranscribed, CallTranscribedV1
from schemas.codec import decode, encode
from schemas.examples import examples_of
from schemas.failures import InvalidEvent
from schemas.record import Record
from schemas.topics import LEARNING
from schemas.upcasting import upcast
from schemas.words import words_at
from tests.faults.line import CODEC, Sent
from tests.faults.said import valid
from tests.projections.learning import shown
from tests.upcasting.calls import (
    HOME,
    STATE,
    TABLES,
    V1,
    V2,
    decided,
    folded,
    golden_inputs,
    golden_log,
    known_before,
    without_vectors,
)

GOLDEN = [CODEC.decode(entry.value) for entry in golden_log()]


def as_v2(raw: bytes) -> bytes:
    """What a sender of version 2 says instead of this."""
    said = orjson.loads(raw)
    if said["type"] != V1:
        return raw
    data, insights = said["data"], said["data"].get("learning_insights", {})
    data |= {name: insights.pop(name, None) for name in ("question", "suggested_answer")}
    return orjson.dumps(said | {"type": V2})


def told(records: list[Record]) -> list[Any]:
    """Everything decided about inputs, and what it was decided by."""
    return [
        (record.outcomes, record.event_id, record.at, record.enrichment.mood, vectors_of(record))
        for record in records
        if record.input is not None
    ]


def vectors_of(record: Record) -> dict[str, bytes]:
    return {part: embedded.vector.tobytes() for part, embedded in record.enrichment.vectors.items()}


@pytest.mark.parametrize("name", examples_of(V1))
def test_an_example_of_v1_and_its_form_in_v2_are_decided_the_same(name: str) -> None:
    raw = orjson.dumps(orjson.loads(examples_of(V1)[name]) | {"shopid": 7, "time": "2026-05-04T11:00:00Z"})
    old, new = decided([Sent(raw)]), decided([Sent(as_v2(raw))])
    assert told(old.records) == told(new.records)
    assert folded(old.records) == folded(new.records)
    assert "CallStored" in [type(outcome).__name__ for outcome in old.records[1].outcomes]


def test_what_was_decided_before_is_decided_the_same_again() -> None:
    again = decided(golden_inputs())
    assert told(again.records) == told(GOLDEN)
    assert [type(o).__name__ for o in GOLDEN[1].outcomes] == ["CallStored", "ItemProposed"]


def test_the_forms_in_v2_of_all_that_are_decided_the_same() -> None:
    """What is no event is none in either; it says so of another field."""
    readable = [sent for sent in golden_inputs() if b'"question":7' not in (sent.value or b"")]
    old = decided(readable)
    new = decided([Sent(as_v2(sent.value or b""), sent.topic) for sent in readable])
    assert told(new.records) == told(old.records)
    assert folded(new.records) == folded(old.records)


def test_a_log_written_before_gives_the_state_that_it_gave() -> None:
    before = orjson.loads(STATE.read_bytes())
    assert known_before(folded(GOLDEN), before) == before


async def test_a_log_written_before_gives_the_rows_that_it_gave(pool: asyncpg.Pool, writer: Writer) -> None:
    await writer.apply(HOME, await writer.position(HOME), golden_log())
    before = orjson.loads(TABLES.read_bytes())
    assert known_before(without_vectors(await shown.content(pool)), before) == before


async def test_calls_in_v2_are_shown_alike(pool: asyncpg.Pool, writer: Writer) -> None:
    sent = [Sent(as_v2(each.value or b""), each.topic) for each in golden_inputs()]
    line = await asyncio.to_thread(decided, sent)
    await writer.apply(HOME, await writer.position(HOME), line.entries)
    rows = without_vectors(await shown.content(pool))["voice_transcripts"]
    before = orjson.loads(TABLES.read_bytes())["voice_transcripts"]
    assert [(row["id"], question_and_answer(row)) for row in rows] == [
        (row["id"], question_and_answer(row)) for row in before
    ]


def question_and_answer(row: dict[str, Any]) -> list[Any]:
    return [row["learning_insights"].get(name) for name in ("question", "suggested_answer")]


def test_a_record_keeps_what_was_sent_and_tells_its_type() -> None:
    record, again = GOLDEN[1], CODEC.encode(GOLDEN[1])
    assert record.event is not None
    assert (record.event.type, type(record.event.data)) == (V1, CallTranscribed)
    assert record.event.data.learning_insights == {}  # type: ignore[attr-defined]
    assert orjson.loads(record.raw)["data"]["learning_insights"]["question"] == "Are you open on Mondays?"
    assert again == golden_log()[1].value
    assert orjson.loads(encode(record.event))["type"] == V2


def call_in_v1(**data: Any) -> bytes:
    said = orjson.loads(examples_of(V1)["sentiment_left_open"])
    return orjson.dumps(said | {"data": {"transcript": "Caller: hello"} | data})


def test_what_v1_did_not_know_stays_unknown() -> None:
    """A field of the next version's name is ignored as before, and refused at an edge."""
    raw = call_in_v1(question="Not a field of v1?")
    data: Any = decode(raw, LEARNING.types).data
    assert data.question is None
    with pytest.raises(InvalidEvent, match=r"^data\.question: is not a field of this type$"):
        decode(raw, LEARNING.types, strict=True)


def test_what_is_wrong_is_said_of_the_field_that_was_sent() -> None:
    with pytest.raises(
        InvalidEvent, match=r"^data\.learning_insights\.question: Input should be a valid string"
    ):
        decode(call_in_v1(learning_insights={"question": 7}), LEARNING.types)


def test_insights_of_any_size_are_read() -> None:
    insights = {"question": "q" * 32_000, "suggested_answer": "a" * 32_000, "words": ["w" * 1000] * 500}
    data: Any = decode(call_in_v1(learning_insights=insights), LEARNING.types, strict=True).data
    assert (len(data.question), len(data.suggested_answer)) == (32_000, 32_000)
    assert data.learning_insights == {"words": insights["words"]}


@given(said=valid(V1))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_v1_allows_is_read_with_the_words_it_was_decided_by(said: dict[str, Any]) -> None:
    old = CallTranscribedV1.model_validate(said)
    new = upcast(old)
    assert isinstance(new, CallTranscribed)
    insights = old.learning_insights
    for part, words in (("question", insights.question), ("answer", insights.suggested_answer)):
        assert words_at(new, part) == (words if words is not None and words.strip() else None)
    untouched = old.model_fields_set - {"learning_insights"}
    assert {name: getattr(new, name) for name in untouched} == {n: getattr(old, n) for n in untouched}
