"""What became of dead letters, folded from records alone; and what can be read of rubbish."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from cli.dead_letters.glimpse import Glimpse, glimpse
from cli.dead_letters.letters import Letter, Letters
from cli.dead_letters.order import Awaited, Since, Tally
from schemas.control import Place
from schemas.enriched import Coordinates
from schemas.outcome import DeadLetterDiscarded, DeadLettered, DeadLetterRetried, Outcome
from schemas.record import Record

EVENTS = "learning.events"
RUBBISH = b'{"shopid": 7, '


class Told:
    """A log that a test writes."""

    def __init__(self, keeps: bool = False) -> None:
        self.letters = Letters(lambda letter: keeps)
        self._offset = 0

    def dies(self, offset: int, partition: int = 0, raw: bytes = RUBBISH, appended_at: int = 0) -> Letter:
        at = Coordinates(EVENTS, partition, offset, appended_at or 1000 + offset)
        self._hear(Record(0, 5000, "p", (DeadLettered(reason="not JSON"),), at, raw=raw))
        return list(self.letters)[-1]

    def retried(self, letter: Letter, to: int, partition: int = 0) -> None:
        appended = Place(topic=EVENTS, partition=partition, offset=to)
        self._say(DeadLetterRetried(**self._about(letter), appended=appended))

    def discarded(self, letter: Letter) -> None:
        self._say(DeadLetterDiscarded(**self._about(letter), reason="a test"))

    def _about(self, letter: Letter) -> dict[str, Any]:
        at = letter.input
        return {"topic": at.topic, "partition": at.partition, "offset": at.offset, "by": "ann"}

    def _say(self, outcome: Outcome) -> None:
        self._hear(Record(0, 6000, "p", (outcome,), Coordinates("learning.reviews", 0, 0, 1)))

    def _hear(self, record: Record) -> None:
        self._offset += 1
        self.letters.hear(self._offset, record)


def test_nobody_has_done_anything_about_it() -> None:
    told = Told()
    letter = told.dies(17)
    assert told.letters.state(letter) == "open"
    assert str(letter.place) == "learning.events/0/17"
    assert (letter.reason, letter.size, letter.seen.shop, letter.raw) == ("not JSON", len(RUBBISH), 7, b"")


def test_bytes_are_kept_where_they_are_asked_for() -> None:
    assert Told(keeps=True).dies(17).raw == RUBBISH


def test_a_retry_waits_until_its_offset_is_decided() -> None:
    told = Told()
    letter = told.dies(17)
    told.retried(letter, to=20, partition=3)
    told.letters.decided_to({(EVENTS, 3): 20, (EVENTS, 0): 99})
    assert told.letters.state(letter) == "waiting"
    told.letters.decided_to({(EVENTS, 3): 21})
    assert told.letters.state(letter) == "decided"


def test_a_retry_that_died_is_a_letter_of_its_own_and_counts_the_tries() -> None:
    told = Told()
    first = told.dies(17)
    # The log may have the second death before the attempt that led to it.
    second = told.dies(20)
    told.retried(first, to=20)
    assert told.letters.state(first) == "dead again"
    assert told.letters.state(second) == "open"
    assert told.letters.retry_of(second) is first
    assert (told.letters.tries(first), told.letters.tries(second)) == (1, 1)
    told.retried(second, to=30)
    assert told.letters.tries(second) == 2


def test_the_last_deed_decides() -> None:
    told = Told()
    letter = told.dies(17)
    told.discarded(letter)
    assert told.letters.state(letter) == "discarded"
    told.retried(letter, to=20)
    assert told.letters.state(letter) == "waiting"
    assert [deed.reason for deed in letter.deeds] == ["a test", None]


def test_what_nothing_died_at_is_passed_over() -> None:
    told = Told()
    told.retried(Told().dies(17), to=20)
    assert list(told.letters) == []


def test_of_two_at_the_same_place_in_topics_made_anew_the_later_is_meant_and_both_are_there() -> None:
    told = Told()
    first, second = told.dies(17), told.dies(17, appended_at=99_000)
    told.discarded(second)
    assert told.letters.at(second.place) is second
    assert [told.letters.state(each) for each in (first, second)] == ["open", "discarded"]


@pytest.mark.parametrize(
    ("raw", "seen"),
    [
        (b"", Glimpse()),
        (b"\xff\xfe", Glimpse()),
        (b"[]", Glimpse()),
        (b'"shopid"', Glimpse()),
        (b'{"shopid": "12", "id": 3, "type": "x"}', Glimpse(type="x", shop=12)),
        (b'{"shopid": true, "data": []}', Glimpse()),
        (b'{"shopid": "-1"}', Glimpse()),
        (b'{"shopid" :12, "data": {', Glimpse(shop=12)),
        (b'{"subject": "t1", "data": {"task_id": 4}}', Glimpse(task="t1")),
        (b'{"shopid": 1, "data": {"conversation_id": "c"}}', Glimpse(shop=1, conversation="c")),
    ],
)
def test_what_a_sender_seems_to_have_meant(raw: bytes, seen: Glimpse) -> None:
    assert glimpse(raw) == seen


def said(at: int, shop: int, talk: str = "", kind: str = "FeedbackStored") -> dict[str, Any]:
    event = {"shopid": shop, "data": {"conversation_id": talk}}
    return {"at": at, "outcomes": [{"kind": kind}], "event": event}


def test_what_came_after_is_counted_by_shop_and_conversation() -> None:
    told = Told()
    letter = told.dies(17)
    later = told.dies(18)
    tally = Tally([Awaited(letter, "7", "a", 0), Awaited(later, "7", "b", 0)], "shop")
    tally.hear(1, said(5000, 7))
    tally.hear(2, said(5000, 7, "a"))
    tally.hear(3, said(5000, 7, "a"))
    tally.hear(4, said(5000, 8, "a"))
    tally.hear(5, said(5000, 7, "a", kind="DuplicateIgnored"))
    tally.hear(6, {"at": 5000, "outcomes": [{"kind": "TickTaken"}], "event": {"data": {}}})
    tally.hear(7, {"at": 5000, "outcomes": [{"kind": "DeadLettered"}]})
    assert tally.since() == {letter.place: Since(2, 2), later.place: Since(1, 0)}


def test_in_another_partition_decision_times_tell_what_came_after() -> None:
    letter = Told().dies(17)
    tally = Tally([Awaited(letter, "7", None, 3)], "shop")
    tally.hear(900, said(4999, 7))
    assert tally.since() == {}
    tally.hear(901, said(5000, 7))
    assert tally.since() == {letter.place: Since(1)}


def test_a_key_is_compared_as_a_whole() -> None:
    letter = Told().dies(17)
    tally = Tally([Awaited(letter, "7", None, 0)], "shop")
    tally.hear(5, orjson.loads(orjson.dumps(said(5000, 77))))
    assert tally.since() == {}
