"""Whatever is sent: each input gives one record, nothing but the declared refusals comes out, and all goes on."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.codec import decode
from schemas.enriched import Invalid
from schemas.enriched import decode as decode_enriched
from schemas.topics import LEARNING
from streams.enrichment.check import Check, home_of
from streams.partition import PartitionRefused
from tests.faults.line import CODEC, Line, Sent, is_decided
from tests.faults.said import HEADERS, JSON, KEYS, TOPICS, damaged, events
from tests.streams.enrichment.inputs import PARTITIONS, raw, served

GOOD = Sent(orjson.dumps(served(7)))
HOME = home_of(b"7", PARTITIONS)
BYTES = st.binary(max_size=300) | JSON.map(orjson.dumps) | damaged()
SLOWLY = [HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large]


def of(said: dict[str, Any], key: bytes | None = None) -> Sent:
    """An event in the topic where it belongs."""
    topic = LEARNING.input_of(said["type"])
    assert topic is not None
    return Sent(orjson.dumps(said), topic.name, key)


def anything_between_good_neighbours(sent: list[Sent]) -> None:
    line = Line(HOME)
    for each in sent:
        before, record, after = line.send(GOOD, each, GOOD)
        assert is_decided(before)
        assert is_decided(after)
        assert record.input is not None


ANYTHING = st.lists(st.builds(Sent, BYTES, TOPICS, KEYS, HEADERS), min_size=1, max_size=5)
EVENTS = st.lists(events().map(of), min_size=1, max_size=12)


@given(ANYTHING)
@settings(max_examples=15, deadline=None, suppress_health_check=SLOWLY)
def test_rubbish_stops_nothing(sent: list[Sent]) -> None:
    anything_between_good_neighbours(sent)


@given(EVENTS)
@settings(max_examples=15, deadline=None, suppress_health_check=SLOWLY)
def test_whatever_an_event_may_say_is_decided_and_planned(sent: list[Sent]) -> None:
    assert len(Line(HOME).send(*sent)) == len(sent)


@pytest.mark.slow
@pytest.mark.timeout(900)
@given(ANYTHING)
@settings(max_examples=2000, deadline=None, suppress_health_check=SLOWLY)
def test_much_rubbish_stops_nothing(sent: list[Sent]) -> None:
    anything_between_good_neighbours(sent)


@pytest.mark.slow
@pytest.mark.timeout(900)
@given(EVENTS)
@settings(max_examples=1500, deadline=None, suppress_health_check=SLOWLY)
def test_very_many_events_are_decided_and_planned(sent: list[Sent]) -> None:
    assert len(Line(HOME).send(*sent)) == len(sent)


MESSAGES = BYTES | st.dictionaries(
    st.sampled_from(["kind", "input", "event", "enrichment", "reason", "raw", "home", "last", "seq", "at"]),
    JSON,
).map(orjson.dumps)


@given(MESSAGES)
@settings(max_examples=60, deadline=None, suppress_health_check=SLOWLY)
def test_readers_of_every_topic_refuse_by_a_value_error_alone(message: bytes) -> None:
    for read in (lambda raw: decode(raw, LEARNING.types), decode_enriched, CODEC.decode):
        try:
            read(message)
        except ValueError:
            continue


@given(st.lists(MESSAGES, min_size=1, max_size=4))
@settings(max_examples=60, deadline=None, suppress_health_check=SLOWLY)
def test_what_no_enricher_would_write_refuses_its_partition_and_breaks_nothing(messages: list[bytes]) -> None:
    line = Line(HOME)
    for message in messages:
        with suppress(PartitionRefused):
            line.take(message)


@given(damaged())
@settings(max_examples=60, deadline=None, suppress_health_check=SLOWLY)
def test_why_an_event_cannot_be_read_is_one_short_printable_sentence(value: bytes) -> None:
    found = Check(LEARNING, PARTITIONS)(raw(value))
    reason = found.reason if isinstance(found, Invalid) else "-"
    assert reason.isprintable()
    assert 0 < len(reason) < 1000
