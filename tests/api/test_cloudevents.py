"""Events as the CloudEvents SDK writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import httpx
import orjson
import pytest
from cloudevents.core.bindings.http import HTTPMessage, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent

from schemas.topics import MAX_INPUT_BYTES
from tests.api.asking import EVENTS, FOREIGN, OWN, some
from tests.api.recorded import inputs, place_of
from tests.api.served import Served

BATCH = "application/cloudevents-batch+json"
THUMB = "relearn.feedback.given.v1"


@pytest.fixture(scope="module")
def service(api: Served) -> httpx.Client:
    """Of one shop."""
    return api.caller("service", OWN)


def cloud_event(type: str = THUMB, data: Any = None, **attributes: Any) -> CloudEvent:
    said = {"conversation_id": some(), "feedback_type": "thumbs_up"} if data is None else data
    told = {
        "id": some(),
        "source": "/shop/caf\u00e9 1",
        "type": type,
        "shopid": OWN,
        "time": datetime.now(UTC),
    }
    return CloudEvent({**told, "datacontenttype": "application/json", **attributes}, said)


def send(caller: httpx.Client, message: HTTPMessage, **headers: str) -> httpx.Response:
    return caller.post(EVENTS, content=message.body, headers={**message.headers, **headers})


def batch(caller: httpx.Client, *events: object) -> httpx.Response:
    """The SDK has no batches: an array of structured events."""
    written = [
        orjson.loads(to_structured_event(each).body) if isinstance(each, CloudEvent) else each
        for each in events
    ]
    return caller.post(EVENTS, content=orjson.dumps(written), headers={"content-type": BATCH})


def task(**attributes: Any) -> CloudEvent:
    id = some()
    data = {"task_id": id, "success": True, "duration_seconds": 1.0}
    event = cloud_event("relearn.task.completed.v1", data, subject=id, **attributes)
    del event.get_attributes()["shopid"]
    return event


@pytest.mark.parametrize("written", [to_binary_event, to_structured_event])
def test_one_event(api: Served, service: httpx.Client, written: Any) -> None:
    event = cloud_event()
    answer = send(service, written(event))
    assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
    told = answer.json()
    assert told["event_id"] == event.get_id()
    said = orjson.loads(inputs(api.settings)[place_of(told["position"])].value)
    assert said["source"] == event.get_source()
    assert (said["shopid"], said["data"]["conversation_id"]) == (OWN, event.get_data()["conversation_id"])
    waited = send(service, written(event), prefer="wait=30")
    assert waited.status_code == HTTPStatus.OK
    assert [each["kind"] for each in waited.json()["outcomes"]] == ["DuplicateIgnored"], "known by its id"


def test_an_older_version_is_taken_as_it_was(api: Served, admin: httpx.Client) -> None:
    data = {"transcript": "user: hello", "learning_insights": {"question": "Hello?"}}
    answer = send(
        admin, to_structured_event(cloud_event("relearn.call.transcribed.v1", data)), prefer="wait=30"
    )
    assert answer.status_code == HTTPStatus.OK, answer.text
    assert answer.json()["refused"] is None


def test_one_bad_event_among_good_ones(api: Served, service: httpx.Client) -> None:
    good = [cloud_event(), cloud_event()]
    bad = orjson.loads(to_structured_event(cloud_event(data={"feedback_type": "thumbs_up"})).body)
    foreign = cloud_event(shopid=FOREIGN)
    answer = batch(service, good[0], bad, "rubbish", foreign, good[1])
    assert answer.status_code == HTTPStatus.MULTI_STATUS
    told = answer.json()["events"]
    assert [each["status"] for each in told] == [202, 422, 400, 403, 202]
    assert told[1]["errors"][0]["field"] == "data.conversation_id"
    sent = inputs(api.settings)
    for each, event in zip((told[0], told[4]), good, strict=True):
        assert orjson.loads(sent[place_of(each["position"])].value)["id"] == event.get_id()
    everything = b"".join(message.value for message in sent.values())
    assert (bad["id"].encode() in everything, foreign.get_id().encode() in everything) == (False, False)


def test_a_batch_of_several_domains(admin: httpx.Client) -> None:
    answer = batch(admin, task(), cloud_event(), task())
    assert answer.status_code == HTTPStatus.ACCEPTED, answer.text
    topics = [each["position"]["topic"] for each in answer.json()["events"]]
    assert topics == ["tasks.events", "learning.events", "tasks.events"]
    assert batch(admin).json() == {"events": []}


@pytest.mark.parametrize("written", [b"{", b"{}", b"[" + b"1," * 1_000 + b"1]"])
def test_what_is_no_batch_is_refused(service: httpx.Client, written: bytes) -> None:
    answer = service.post(EVENTS, content=written, headers={"content-type": BATCH})
    assert answer.status_code == HTTPStatus.BAD_REQUEST, answer.text


def test_a_batch_that_is_too_large_is_refused(service: httpx.Client) -> None:
    answer = service.post(EVENTS, content=b" " * (16 * MAX_INPUT_BYTES + 1), headers={"content-type": BATCH})
    assert answer.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


@pytest.mark.parametrize("written", [to_binary_event, to_structured_event])
def test_what_a_service_may_not_say(service: httpx.Client, admin: httpx.Client, written: Any) -> None:
    approval = {"item_id": some(), "reviewer_id": some()}
    imported = {"content": "So.", "source": "/tests"}
    refused = {
        "another shop": (service, cloud_event(shopid=FOREIGN)),
        "a review": (service, cloud_event("relearn.item.approved.v1", approval)),
        "an import": (service, cloud_event("relearn.knowledge.imported.v1", imported)),
        "a task, from a service of one shop": (service, task()),
        "a review in another's name": (admin, cloud_event("relearn.item.approved.v1", approval)),
    }
    for what, (caller, event) in refused.items():
        assert send(caller, written(event)).status_code == HTTPStatus.FORBIDDEN, what


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("relearn.tick.v1", {}),
        ("relearn.policy.adopted.v1", {"policy": {}, "embedding_model": "m"}),
        ("relearn.retention.advanced.v1", {"before": "2026-01-01T00:00:00Z"}),
    ],
)
def test_what_concerns_a_whole_partition_is_for_operators(
    admin: httpx.Client, type: str, data: dict[str, Any]
) -> None:
    event = cloud_event(type, data | {"partition": 0})
    del event.get_attributes()["shopid"]
    answer = send(admin, to_structured_event(event))
    assert answer.status_code == HTTPStatus.FORBIDDEN, answer.text
    assert "operators" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": "seven"}, "id"),
        ({"type": "relearn.nothing.v1"}, "type"),
        ({"time": "yesterday"}, "time"),
        ({"shopid": "seven"}, "shopid"),
        ({"data": {"conversation_id": some(), "feedback_type": "shrug"}}, "data.feedback_type"),
    ],
)
def test_the_attribute_that_is_wrong_is_named(
    service: httpx.Client, attributes: dict[str, Any], field: str
) -> None:
    event = orjson.loads(to_structured_event(cloud_event()).body) | attributes
    answer = service.post(
        EVENTS, content=orjson.dumps(event), headers={"content-type": "application/cloudevents+json"}
    )
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, answer.text
    assert answer.json()["errors"][0]["field"] == field
