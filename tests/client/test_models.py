"""What the client accepts and sends is what relearn reads."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from relearn_client.envelope import Envelopes, Message
from relearn_client.event import MAX_FREE_OBJECT, EventData, ShopData, TaskData, model_of
from relearn_client.models import (
    EVENTS,
    CallTranscribed,
    FeedbackGiven,
    TaskCompleted,
    TaskFeedbackGiven,
    TaskRouted,
)
from schemas.codec import decode
from schemas.examples import examples_of
from schemas.fields import MAX_METADATA
from schemas.keys import key_of
from schemas.topics import DOMAINS, input_for

TYPES = {name: kind for domain in DOMAINS.values() for name, kind in domain.types.items()}
EXAMPLES = [
    pytest.param(kind, orjson.loads(raw), id=f"{kind.TYPE}/{name}")
    for kind in EVENTS
    for name, raw in examples_of(kind.TYPE).items()
]
SERVICE = Envelopes("/shop-app")
CONVERSATION = "6f1f7a52-3f0b-4e6c-8d56-0d5b2f1c7a10"


def sent(data: EventData, shop: int | None) -> Message:
    if isinstance(data, TaskData):
        return SERVICE.about_task(data)
    assert isinstance(data, ShopData)
    assert shop is not None
    return SERVICE.about_shop(data, shop)


@pytest.mark.parametrize("kind", EVENTS)
def test_a_type_belongs_in_the_topic_of_the_registry(kind: type[EventData]) -> None:
    assert input_for(kind.TYPE).name == kind.TOPIC


def test_every_type_that_services_send_has_a_model_of_its_newest_version() -> None:
    sent_by_services = {
        kind.TYPE
        for domain in DOMAINS.values()
        for topic in domain.inputs
        if "service" in topic.writers
        for kind in topic.types
        if kind in domain.newest.values()
    }
    assert {kind.TYPE for kind in EVENTS} == sent_by_services


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_every_example_is_accepted_and_what_is_sent_is_read_strictly(
    kind: type[EventData], example: dict[str, Any]
) -> None:
    data = kind.model_validate(example["data"])
    message = sent(data, example.get("shopid"))
    read = decode(message.value, TYPES, strict=True)
    assert read.data == decode(orjson.dumps(example), TYPES, strict=True).data
    assert (read.id, read.source, read.shop_id) == (message.id, "/shop-app", example.get("shopid", 0))
    assert (message.topic, message.key) == (kind.TOPIC, key_of(read))


@pytest.mark.parametrize(
    ("kind", "fields", "where"),
    [
        (FeedbackGiven, {"conversation_id": CONVERSATION, "feedback_type": "boo"}, "feedback_type"),
        (FeedbackGiven, {"conversation_id": "seven", "feedback_type": "emoji"}, "conversation_id"),
        (FeedbackGiven, {"conversation_id": CONVERSATION, "feedback_type": "emoji", "stars": 3}, "stars"),
        (TaskFeedbackGiven, {"task_id": "t", "by": "ann", "rating": 6}, "rating"),
        (TaskFeedbackGiven, {"task_id": "", "by": "ann"}, "task_id"),
        (
            TaskCompleted,
            {"task_id": "t", "success": True, "duration_seconds": float("nan")},
            "duration_seconds",
        ),
        (CallTranscribed, {"transcript": "x" * 32_001}, "transcript"),
        (CallTranscribed, {"transcript": "x", "metadata": {"a": "x" * MAX_FREE_OBJECT}}, "metadata"),
        (CallTranscribed, {"transcript": "x", "metadata": {"a": object()}}, "metadata"),
    ],
)
def test_what_relearn_would_refuse_is_refused_here(
    kind: type[EventData], fields: dict[str, Any], where: str
) -> None:
    with pytest.raises(ValidationError) as failure:
        kind(**fields)
    assert [error["loc"][0] for error in failure.value.errors()] == [where]
    assert "boo" not in str(failure.value), "words of customers do not belong in a log"


def test_free_objects_have_the_bound_that_relearn_gives_them() -> None:
    assert MAX_FREE_OBJECT == MAX_METADATA


def test_an_event_comes_as_a_model_or_as_its_fields_but_not_as_both() -> None:
    given = TaskFeedbackGiven(task_id="t", by="ann")
    assert model_of(TaskFeedbackGiven, given, {}) is given
    assert model_of(TaskFeedbackGiven, None, {"task_id": "t", "by": "ann"}) == given
    with pytest.raises(TypeError, match="either a TaskFeedbackGiven or its fields"):
        model_of(TaskFeedbackGiven, given, {"by": "bob"})
    with pytest.raises(TypeError, match="a TaskFeedbackGiven is no TaskRouted"):
        model_of(TaskRouted, given, {})
