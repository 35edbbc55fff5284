"""Events in their envelopes, as CloudEvents 1.0 in structured JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import orjson
import pytest

from relearn_client.envelope import Envelopes
from relearn_client.models import CallTranscribed, TaskStarted

NOW = datetime(2025, 6, 1, 12, 30, tzinfo=UTC)
ENVELOPES = Envelopes("/shop-app", "prod.", now=lambda: NOW, new_id=lambda: UUID(int=7))


def test_an_event_about_a_shop_is_keyed_by_its_number() -> None:
    message = ENVELOPES.about_shop(CallTranscribed(transcript="Grüß Gott"), 12)
    assert (message.topic, message.key, message.id) == ("prod.learning.events", b"12", UUID(int=7))
    assert orjson.loads(message.value) == {
        "specversion": "1.0",
        "id": "00000000-0000-0000-0000-000000000007",
        "source": "/shop-app",
        "type": "relearn.call.transcribed.v2",
        "time": "2025-06-01T12:30:00+00:00",
        "datacontenttype": "application/json",
        "shopid": 12,
        "data": {
            "transcript": "Grüß Gott",
            "cited_knowledge_ids": [],
            "entities": {},
            "learning_insights": {},
            "metadata": {},
        },
    }


def test_an_event_about_a_task_is_keyed_by_its_id_and_has_no_shop() -> None:
    message = ENVELOPES.about_task(TaskStarted(task_id="é-1", pool_id="pool-3", started_at=NOW))
    said = orjson.loads(message.value)
    assert (message.topic, message.key, said["subject"]) == ("prod.tasks.events", "é-1".encode(), "é-1")
    assert "shopid" not in said


def test_an_event_sent_again_keeps_its_id() -> None:
    message = ENVELOPES.about_shop(CallTranscribed(transcript="x"), 12, UUID(int=8))
    assert message.id == UUID(orjson.loads(message.value)["id"]) == UUID(int=8)


def test_nothing_of_a_free_object_is_lost() -> None:
    message = ENVELOPES.about_shop(CallTranscribed(transcript="x", metadata={"a": None}), 12)
    assert orjson.loads(message.value)["data"]["metadata"] == {"a": None}


@pytest.mark.parametrize("shop", [0, -1, 2**31, True, "7", 7.0, None])
def test_there_is_no_such_shop(shop: int) -> None:
    with pytest.raises(ValueError, match="shop must be a number"):
        ENVELOPES.about_shop(CallTranscribed(transcript="x"), shop)


@pytest.mark.parametrize("source", ["", "x" * 2001])
def test_a_source_has_a_name_of_bearable_length(source: str) -> None:
    with pytest.raises(ValueError, match="source must have 1 to 2000 characters"):
        Envelopes(source)


@pytest.mark.parametrize("text", ["a\0b", "\\\0", "\0"])
def test_the_character_that_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="NUL"):
        ENVELOPES.about_shop(CallTranscribed(transcript=text), 12)


@pytest.mark.parametrize("text", ["\\u0000", "\\\\u0000"])
def test_words_that_look_like_it_are_not(text: str) -> None:
    message = ENVELOPES.about_shop(CallTranscribed(transcript=text), 12)
    assert orjson.loads(message.value)["data"]["transcript"] == text


def test_what_json_has_no_number_for_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        ENVELOPES.about_shop(CallTranscribed(transcript="x", metadata={"a": float("inf")}), 12)
