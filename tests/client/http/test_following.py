"""The stream of outcomes goes on where it broke."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from relearn_client.http import Forbidden, Unavailable, Unreadable
from relearn_client.http.following import Feed
from tests.client.http.conftest import Client
from tests.client.http.scripted import Answer, Scripted, problem

STREAM = {"content-type": "text/event-stream"}


def outcome(number: int, words: str = "") -> dict[str, Any]:
    return {
        "shop_id": 7,
        "id": str(UUID(int=number)),
        "at": "2026-11-22T12:00:00+00:00",
        "actor": None,
        "action": "ItemProposed",
        "entity": "item",
        "entity_id": str(UUID(int=9)),
        "before": None,
        "after": {"question": words},
        "event_id": "e",
        "topic": "learning.decisions",
        "log_partition": 0,
        "log_offset": number,
        "policy": "p",
    }


def told(number: int, words: str = "") -> bytes:
    data = json.dumps(outcome(number, words), ensure_ascii=False).encode()
    return b"event: ItemProposed\nid: learning:0=%d\ndata: %b\n\n" % (number + 1, data)


def beginning(offset: int) -> bytes:
    return b"retry: 10\nid: learning:0=%d\n\n" % offset


def test_a_broken_line_is_taken_up_again(client: Client, server: Scripted) -> None:
    server.tell(
        Answer(200, beginning(1) + told(1) + told(2) + told(3)[:80], STREAM, cut=True),
        problem(503),
        Answer(200, beginning(3), STREAM),
        Answer(200, beginning(3) + told(3), STREAM),
    )
    found = client("follow", shops=[7, 8], first=3)
    assert [(each.log_offset, each.stream_id) for each in found] == [
        (number, f"learning:0={number + 1}") for number in (1, 2, 3)
    ]
    assert [each.headers.get("last-event-id") for each in server.asked] == [
        None,
        "learning:0=3",
        "learning:0=3",
        "learning:0=3",
    ]
    assert {each.path for each in server.asked} == {"/api/stream"}


def test_it_goes_on_after_what_was_heard_last(client: Client, server: Scripted) -> None:
    server.tell(Answer(200, beginning(5) + told(5), STREAM))
    client("follow", after="learning:0=5", first=1)
    assert server.asked[0].headers["last-event-id"] == "learning:0=5"


def test_words_may_hold_what_looks_like_the_end_of_a_line(client: Client, server: Scripted) -> None:
    words = "one\u2028two\u0085three\x0bfour\rfive\nsix"
    server.tell(Answer(200, told(1, words), STREAM))
    (found,) = client("follow", first=1)
    assert found.after == {"question": words}


def test_pieces_may_be_of_any_size() -> None:
    feed, all_of_it = Feed((), None), beginning(1) + b": \n\n" + told(1, "é") + b"id: learning:0=9\n: \n\n"
    assert [each.log_offset for byte in all_of_it for each in feed.take(bytes([byte]))] == [1]
    assert feed.connecting().headers["last-event-id"] == "learning:0=9"
    assert feed.pause == 0.01


def test_shops_are_asked_for_one_by_one() -> None:
    assert Feed([7, 8], None).connecting().query == (("shop_id", "7"), ("shop_id", "8"))


def test_what_stays_wrong_is_said(client: Client, server: Scripted) -> None:
    server.tell(problem(403, "shop 9 is not one of yours"))
    with pytest.raises(Forbidden, match="shop 9"):
        client("follow", shops=[9], first=1)


def test_patience_ends_here_too(new_client: Callable[..., Client], server: Scripted) -> None:
    server.tell(Answer(200, beginning(1) + told(1), STREAM), problem(503))
    with pytest.raises(Unavailable):
        new_client(patience=0.3)("follow", first=2)
    assert len(server.asked) > 2


@pytest.mark.parametrize("data", [b"{", b"7", b"{}"])
def test_what_is_no_outcome_is_said(client: Client, server: Scripted, data: bytes) -> None:
    server.tell(Answer(200, b"data: %b\n\n" % data, STREAM))
    with pytest.raises(Unreadable, match="no outcome"):
        client("follow", first=1)
