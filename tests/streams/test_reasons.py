"""Every reason for a dead letter has its class."""

from __future__ import annotations

from collections import Counter
from typing import get_args

import pytest

from schemas.enriched import Invalid
from schemas.topics import LEARNING
from streams.enrichment.check import Check
from streams.reasons import ReasonClass, reason_class
from tests.streams.enrichment.inputs import PARTITIONS, raw
from tests.streams.enrichment.test_check import BAD

CLASS_OF = {
    "a tombstone": "unreadable",
    "a list": "unreadable",
    "NaN": "unreadable",
    "deep nesting": "unreadable",
    "an escaped NUL": "unreadable",
    "no CloudEvent": "envelope",
    "no id": "envelope",
    "no data": "data",
    "data that is text": "data",
    "XML": "envelope",
    "no shop": "envelope",
    "an unknown version": "type",
    "an event of reviewers": "type",
    "no time": "time",
    "2099": "time",
    "rating 6": "data",
    "stars without a rating": "data",
    "metadata too large": "data",
    "a megabyte and more": "too-large",
}


def found(value: bytes | None) -> ReasonClass:
    invalid = Check(LEARNING, PARTITIONS)(raw(value))
    assert isinstance(invalid, Invalid)
    return reason_class(invalid.reason)


@pytest.mark.parametrize(("name", "expected"), CLASS_OF.items())
def test_a_reason_has_the_class_of_its_kind(name: str, expected: str) -> None:
    assert found(BAD[name][0]) == expected


def test_none_is_of_another_class() -> None:
    classes = Counter(found(value) for value, _ in BAD.values())
    assert "other" not in classes
    assert set(classes) == set(get_args(ReasonClass)) - {"other", "key"}


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("the message's key b'8' is not its shop, 7", "key"),
        ("must have no key: this type concerns a whole partition", "key"),
        ("data.partition: is 1, but it stands in 2", "key"),
        ("is 9000000 bytes with its 40 vectors, more than a record can hold", "too-large"),
        ("of a kind that nobody has met yet", "other"),
    ],
)
def test_reasons_beside_the_events_own(reason: str, expected: str) -> None:
    assert reason_class(reason) == expected
