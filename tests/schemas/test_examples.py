"""Every example of every version is read for ever, and every type has some."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.resources import files
from uuid import UUID

import orjson
import pytest

from schemas.codec import decode, encode
from schemas.event import attributes
from schemas.examples import example_of, examples_of
from schemas.policy import LearningPolicy
from schemas.topics import DOMAINS

TYPES = {name: kind for domain in DOMAINS.values() for name, kind in domain.types.items()}
EXAMPLES = [
    pytest.param(raw, id=f"{event_type}/{name}")
    for event_type in TYPES
    for name, raw in examples_of(event_type).items()
]


@pytest.mark.parametrize("event_type", TYPES)
def test_every_type_has_at_least_two_examples_of_its_own(event_type: str) -> None:
    examples = examples_of(event_type).values()
    assert len(examples) >= 2
    assert {orjson.loads(raw)["type"] for raw in examples} == {event_type}


@pytest.mark.parametrize("raw", EXAMPLES)
def test_an_example_is_read_strictly_and_nothing_of_it_is_lost(raw: bytes) -> None:
    event = decode(raw, TYPES, strict=True)
    assert decode(encode(event), TYPES, strict=True) == event
    assert orjson.loads(raw)["data"].keys() <= attributes(event)["data"].keys()


def test_no_folder_is_of_a_type_that_nobody_knows() -> None:
    folders = (f for f in files("schemas.examples").iterdir() if f.is_dir() and f.name != "__pycache__")
    stated = {f"relearn.{folder.name}.{version.name}" for folder in folders for version in folder.iterdir()}
    assert stated == set(TYPES)


def test_ids_are_not_used_twice() -> None:
    ids = [orjson.loads(raw)["id"] for event_type in TYPES for raw in examples_of(event_type).values()]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("raw", examples_of("relearn.policy.adopted.v1").values())
def test_the_policies_are_policies(raw: bytes) -> None:
    LearningPolicy.model_validate(orjson.loads(raw)["data"]["policy"])


def test_an_example_is_made_fresh_by_its_caller() -> None:
    event_id, time = UUID(int=7), datetime(2025, 6, 1, 12, tzinfo=UTC)
    event = decode(orjson.dumps(example_of("relearn.tick.v1", event_id, time)), TYPES, strict=True)
    assert (event.id, event.time) == (event_id, time)


@pytest.mark.parametrize("unknown", ["relearn.tick.v9", "relearn.nothing.v1", "", "relearn.tick"])
def test_what_has_no_example_is_said(unknown: str) -> None:
    with pytest.raises(KeyError, match="no examples of"):
        examples_of(unknown)
