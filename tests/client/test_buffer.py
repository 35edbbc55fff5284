"""The buffer keeps what it has room for, in order, counts the rest, and makes nobody wait."""

from __future__ import annotations

import asyncio
from threading import Thread
from uuid import UUID

import pytest

from relearn_client.buffer import Buffer
from relearn_client.envelope import Message


def message(number: int, size: int = 1) -> Message:
    return Message(UUID(int=number), "tasks.events", b"t", b"x" * size)


def filled(buffer: Buffer, *numbers: int) -> Buffer:
    for number in numbers:
        buffer.put(message(number))
    return buffer


async def numbers(buffer: Buffer, most: int = 100) -> list[int]:
    return [each.id.int for each in await buffer.take(most)]


async def test_messages_leave_in_the_order_in_which_they_came() -> None:
    buffer = filled(Buffer(10, 100), 1, 2, 3)
    assert await numbers(buffer, 2) == [1, 2]
    assert await numbers(buffer, 2) == [3]


async def test_what_comes_when_it_is_full_is_dropped_and_counted() -> None:
    buffer = filled(Buffer(2, 100), 1, 2, 3, 4)
    assert buffer.dropped == 2
    assert await numbers(buffer) == [1, 2]
    assert await numbers(filled(buffer, 5)) == [5]


async def test_bytes_are_bounded_too_and_come_free_again() -> None:
    buffer = Buffer(10, 100)
    for number, size in enumerate((60, 60, 40, 1)):
        buffer.put(message(number, size))
    assert buffer.dropped == 2
    assert await numbers(buffer) == [0, 2]
    buffer.put(message(5, 100))
    assert await numbers(buffer) == [5]


async def test_a_burst_of_drops_is_logged_when_it_begins_and_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    buffer = filled(Buffer(2, 100), *range(50))
    assert caplog.messages == ["telemetry is dropped: the buffer is full"]
    await buffer.take(1)
    filled(buffer, 50, 51)
    assert len(caplog.messages) == 1, "it has not been empty in between"
    await buffer.take(10)
    assert caplog.messages[1:] == ["49 telemetry events were dropped"]
    filled(buffer, 1, 2, 3)
    assert caplog.messages[2:] == ["telemetry is dropped: the buffer is full"]


async def test_a_taker_waits_for_the_first_message() -> None:
    buffer = Buffer(10, 100)
    taking = asyncio.create_task(numbers(buffer))
    await asyncio.sleep(0)
    assert not taking.done()
    filled(buffer, 1)
    assert await taking == [1]


async def test_messages_come_from_any_thread() -> None:
    buffer = Buffer(10_000, 10_000)
    threads = [Thread(target=filled, args=(buffer, *range(n, 4000, 4))) for n in range(4)]
    taken: list[int] = []
    for thread in threads:
        thread.start()
    while len(taken) < 4000:
        taken += await asyncio.wait_for(numbers(buffer, 7), 10)
    for thread in threads:
        thread.join()
    assert sorted(taken) == list(range(4000))


async def test_closed_it_gives_what_it_has_and_takes_nothing() -> None:
    buffer = filled(Buffer(10, 100), 1)
    buffer.close()
    assert not buffer.is_done
    assert await numbers(filled(buffer, 2)) == [1]
    assert await numbers(buffer) == []
    assert (buffer.is_done, buffer.dropped) == (True, 1)


async def test_closing_wakes_the_taker() -> None:
    buffer = Buffer(10, 100)
    taking = asyncio.create_task(numbers(buffer))
    await asyncio.sleep(0)
    buffer.close()
    assert await asyncio.wait_for(taking, 10) == []


def test_what_is_given_up_is_counted() -> None:
    buffer = filled(Buffer(10, 100), 1, 2)
    assert buffer.discard(also=3) == 5
    assert (buffer.dropped, len(buffer)) == (5, 0)
