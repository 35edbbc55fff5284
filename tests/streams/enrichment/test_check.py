"""Every kind of bad input is told apart, and every good one is found at home."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from aiokafka.partitioner import DefaultPartitioner

from schemas.enriched import Invalid, Moved
from schemas.topics import LEARNING, MAX_INPUT_BYTES
from streams.enrichment.check import Astray, Check, PartitionsChanged, RawInput, Valid, home_of
from tests.streams.enrichment.inputs import (
    APPLY,
    NOW_MS,
    PARTITIONS,
    at,
    event,
    feedback,
    home,
    key_of,
    raw,
    tick,
)

check = Check(LEARNING, PARTITIONS)


def reason_with(value: str) -> bytes:
    """A feedback event whose reason is this JSON, as it stands."""
    return orjson.dumps(feedback()).replace(b'"too slow"', value.encode("utf-8", "surrogatepass"))


def without(name: str) -> bytes:
    return orjson.dumps({key: value for key, value in feedback().items() if key != name})


def deep(levels: int) -> bytes:
    return reason_with('"x","metadata":{"a":' + "[" * levels + "]" * levels + "}")


BAD: dict[str, tuple[bytes | None, str]] = {
    "a tombstone": (None, "tombstone"),
    "nothing": (b"", "tombstone"),
    "not JSON": (b"thumbs down!", "not JSON"),
    "half of it": (orjson.dumps(feedback())[:-5], "not JSON"),
    "a byte order mark": (b"\xef\xbb\xbf" + orjson.dumps(feedback()), "not JSON"),
    "a list": (b"[]", "not a JSON object"),
    "a number": (b"7", "not a JSON object"),
    "no CloudEvent": (b"{}", "specversion"),
    "another specversion": (orjson.dumps(feedback(specversion="0.3")), "specversion"),
    "no id": (without("id"), "id: "),
    "an id that is no UUID": (orjson.dumps(feedback(id="1")), "id: "),
    "no source": (without("source"), "source: "),
    "no time": (without("time"), "time: "),
    "a time without an offset": (orjson.dumps(feedback(time="2026-05-04T12:00:00")), "time: "),
    "a time that is a number": (orjson.dumps(feedback(time=1)), "time: "),
    "no data": (without("data"), "data: "),
    "data that is text": (orjson.dumps(feedback(data="{}")), "data: "),
    "XML": (orjson.dumps(feedback(datacontenttype="application/xml")), "datacontenttype: "),
    "an unknown version": (
        orjson.dumps(feedback(type="relearn.feedback.given.v9")),
        "known: relearn.feedback.given.v1",
    ),
    "an unknown type": (orjson.dumps(feedback(type="relearn.coffee.made.v1")), "unknown type"),
    "no shop": (without("shopid"), "shopid: is required"),
    "a shop that is text": (orjson.dumps(feedback(shopid="7")), "shopid: "),
    "shop 0": (orjson.dumps(feedback(shopid=0)), "shopid: "),
    "a shop too large": (orjson.dumps(feedback(shopid=2**31)), "shopid: "),
    "an event of reviewers": (orjson.dumps(event(APPLY, 7, {})), "belongs in learning.reviews"),
    "rating 6": (orjson.dumps(feedback(said={"rating": 6})), "data.rating: "),
    "a rating that is text": (orjson.dumps(feedback(said={"rating": "3"})), "data.rating: "),
    "stars without a rating": (
        orjson.dumps(feedback(said={"feedback_type": "star_rating"})),
        "rating is required",
    ),
    "an unknown kind of feedback": (
        orjson.dumps(feedback(said={"feedback_type": "shrug"})),
        "data.feedback_type: ",
    ),
    "a text too long": (orjson.dumps(feedback(said={"reason": "x" * 32_001})), "data.reason: "),
    "metadata too large": (orjson.dumps(feedback(said={"metadata": {"a": "x" * 17_000}})), "data.metadata: "),
    "2099": (orjson.dumps(feedback(time="2099-01-01T00:00:00Z")), "5 minutes ahead"),
    "six minutes ahead": (orjson.dumps(feedback(time=at(NOW_MS, minutes=6))), "5 minutes ahead"),
    "eleven years ago": (orjson.dumps(feedback(time=at(NOW_MS, days=-4020))), "10 years behind"),
    "the year 1": (orjson.dumps(feedback(time="0001-01-01T00:00:00+14:00")), "10 years behind"),
    "an escaped NUL": (reason_with(r'"a\u0000b"'), "NUL"),
    "a plain NUL": (reason_with('"a\0b"'), "not JSON"),
    "NaN": (reason_with("NaN"), "not JSON"),
    "Infinity": (reason_with("-Infinity"), "not JSON"),
    "a lone surrogate, escaped": (reason_with(r'"\ud800"'), "not JSON"),
    "a lone surrogate, encoded": (reason_with('"\ud800"'), "not JSON"),
    "invalid UTF-8": (orjson.dumps(feedback()).replace(b"too slow", b"\xff\xfe"), "not JSON"),
    "deep nesting": (deep(100), "nested deeper than 64"),
    "very deep nesting": (deep(200_000), "not JSON"),
    "a huge number": (reason_with('"x","metadata":{"a":1e999}'), "not JSON"),
    "a huge integer": (reason_with('"x","rating":123456789012345678901234567890'), "data.rating: "),
    "a megabyte and more": (reason_with('"' + "x" * MAX_INPUT_BYTES + '"'), "more than 1048576"),
    "a partition's event": (orjson.dumps(tick(home(7))), "belongs in learning.reviews"),
}


@pytest.mark.parametrize(("value", "reason"), BAD.values(), ids=BAD)
def test_what_can_never_be_decided_is_invalid_with_a_reason(value: bytes | None, reason: str) -> None:
    found = check(raw(value))
    assert isinstance(found, Invalid)
    assert reason in found.reason
    assert found.raw == (value or b"")[:MAX_INPUT_BYTES]
    assert found.reason.isprintable()


GOOD: dict[str, bytes] = {
    "plain": orjson.dumps(feedback()),
    "four minutes ahead": orjson.dumps(feedback(time=at(NOW_MS, minutes=4))),
    "nine years ago": orjson.dumps(feedback(time=at(NOW_MS, days=-3300))),
    "unknown fields": orjson.dumps(feedback(said={"mood": "grim"}, traceparent="00-1-2-00")),
    "a float where nobody minds": reason_with('"x","metadata":{"a":123456789012345678901234567890}'),
    "many brackets, none deep": reason_with('"x","metadata":{"a":[' + "[]," * 200 + "[]]}"),
    "every kind of letter": orjson.dumps(feedback(said={"reason": "Größe 好 🙂 \u202e"})),
}


@pytest.mark.parametrize("value", GOOD.values(), ids=GOOD)
def test_what_can_be_decided_is_valid_byte_for_byte(value: bytes) -> None:
    found = check(raw(value))
    assert isinstance(found, Valid)
    assert found.raw == value
    assert found.event.shop_id == 7
    assert found.key == b"7"


FOREIGN = (home(7) + 1) % PARTITIONS

PLACES: dict[str, tuple[RawInput, Callable[[Any], bool]]] = {
    "no key, at home": (raw(feedback(), key=None), lambda it: isinstance(it, Valid)),
    "no key, elsewhere": (raw(feedback(), key=None, partition=FOREIGN), lambda it: isinstance(it, Astray)),
    "its key, elsewhere": (raw(feedback(), partition=FOREIGN), lambda it: isinstance(it, Astray)),
    "another shop's key": (raw(feedback(), key=b"8"), lambda it: "key b'8'" in it.reason),
    "an empty key": (raw(feedback(), key=b""), lambda it: "key b''" in it.reason),
    "a key with zeros": (raw(feedback(), key=b"007"), lambda it: "key b'007'" in it.reason),
    "a key with a sign": (raw(feedback(), key=b"+7"), lambda it: isinstance(it, Invalid)),
    "invalid and elsewhere": (raw(b"no", key=None, partition=FOREIGN), lambda it: isinstance(it, Invalid)),
    "of the other topic, elsewhere": (
        raw(event(APPLY, 7, {}), key=None, partition=FOREIGN),
        lambda it: "belongs in learning.reviews" in it.reason,
    ),
    "a partition's event": (
        raw(tick(2), topic="learning.reviews", key=None, partition=2),
        lambda it: isinstance(it, Valid) and it.key is None and it.event.shop_id == 0,
    ),
    "a partition's event elsewhere": (
        raw(tick(1), topic="learning.reviews", key=None, partition=2),
        lambda it: it.reason == "data.partition: is 1, but it stands in 2",
    ),
    "a partition's event with a key": (
        raw(tick(2), topic="learning.reviews", key=b"2", partition=2),
        lambda it: "no key" in it.reason,
    ),
    "a partition's event with a shop": (
        raw(tick(2, shopid=7), topic="learning.reviews", key=None, partition=2),
        lambda it: it.reason.startswith("shopid: must be absent"),
    ),
}


@pytest.mark.parametrize(("given", "expected"), PLACES.values(), ids=PLACES)
def test_key_and_partition_must_be_those_of_the_shop(
    given: RawInput, expected: Callable[[Any], bool]
) -> None:
    assert expected(check(given))


def test_what_is_astray_is_at_home_once_it_has_moved() -> None:
    given = raw(feedback(), key=None, partition=FOREIGN)
    found = check(given)
    assert isinstance(found, Astray)
    assert found.moved == Moved(given.coordinates, home(7))
    again = RawInput(given.topic, found.moved.home, 0, NOW_MS, found.key, found.raw.value)
    assert isinstance(check(again), Valid)


@pytest.mark.parametrize("partitions", [1, 3, 4, 16])
def test_homes_are_those_of_kafkas_default_partitioner(partitions: int) -> None:
    places = list(range(partitions))
    for shop in (1, 7, 10, 99, 1234, 98765, 2**31 - 1):
        assert home_of(key_of(shop), partitions) == DefaultPartitioner()(key_of(shop), places, places)


def test_binary_mode_is_named_as_the_cause() -> None:
    found = check(raw(b'{"reason": "slow"}', headers=[("ce_specversion", b"1.0")]))
    assert isinstance(found, Invalid)
    assert "binary mode" in found.reason


def test_a_partition_that_should_not_exist_stops_the_enricher() -> None:
    with pytest.raises(PartitionsChanged, match=r"learning\.events has a partition 4"):
        check(raw(feedback(), partition=4))


def test_a_reason_that_quotes_what_was_sent_steers_no_terminal() -> None:
    found = check(raw(feedback(id="\x1b[2J")))
    assert isinstance(found, Invalid)
    assert r"found `\x1b` at 0" in found.reason
