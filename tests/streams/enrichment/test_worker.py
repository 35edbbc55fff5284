"""The worker against a real broker: every offset answered, in order, through kills and restarts."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import orjson
import pytest

from runtime import kafka
from runtime.settings import Settings
from schemas.enriched import Absent, Input, Invalid, Moved
from schemas.enriched import Enriched as EnrichedInput
from schemas.topics import LEARNING
from streams.enrichment.rewind import EnrichersRunning, rewind
from tests.streams.enrichment.broker import (
    Enriched,
    append,
    complete,
    delete_before,
    ends,
    first_occurrences,
    read_until,
    stop,
    worker,
)
from tests.streams.enrichment.inputs import APPLY, event, feedback, home, key_of, now, served, tick

Sent = tuple[str, bytes | None, bytes | None, int]


def mixed(count: int, seed: int) -> list[Sent]:
    chosen = random.Random(seed)
    return [_one(chosen, number) for number in range(count)]


def _one(chosen: random.Random, number: int) -> Sent:
    shop = chosen.randint(1, 60)
    key, place, foreign = key_of(shop), home(shop), chosen.randrange(4)
    good = orjson.dumps(feedback(shop, said={"reason": f"complaint {number}"}, time=now()))
    match number % 10:
        case 0:
            return "learning.events", key, b"no JSON", place
        case 1:
            return "learning.events", None, good, foreign
        case 2:
            return "learning.reviews", key, orjson.dumps(event(APPLY, shop, {}, time=now())), place
        case 3:
            return "learning.reviews", None, orjson.dumps(tick(foreign, time=now())), foreign
        case 4:
            return "learning.reviews", key, good, place
        case 5:
            return "learning.events", key, None, place
        case 6:
            return "learning.events", key, orjson.dumps(served(shop, time=now())), place
        case _:
            return "learning.events", key, good, place


@pytest.mark.slow
async def test_every_input_is_answered_in_order_although_workers_are_stopped_and_killed(
    topics: Settings, tmp_path: Path
) -> None:
    sent = mixed(2000, seed=1)
    appending = asyncio.create_task(_slowly(topics, sent))
    with worker(topics, tmp_path / "first.log") as child:
        await read_until(topics, lambda found: sum(map(len, found.values())) >= 300)
        status, _ = stop(child)
        assert status == 0, (tmp_path / "first.log").read_text()
    with worker(topics, tmp_path / "second.log") as child:
        await read_until(topics, lambda found: sum(map(len, found.values())) >= 900)
        child.kill()
    await appending
    with worker(topics, tmp_path / "third.log"):
        await read_until(topics, complete(topics, await ends(topics)))
        # By now all that stood in foreign partitions stands at home too, some of it twice.
        goal = await ends(topics)
        found = await read_until(topics, complete(topics, goal))
    taken = {at: first_occurrences(messages) for at, messages in found.items()}
    for at, end in goal.items():
        # More than `end`: what the killed worker had moved home, its successor moved again.
        assert [message.input.offset for message in taken[at]] == list(range(max(end, len(taken[at]))))
    _each_is_decided_once(sent, [message for messages in taken.values() for message in messages])


async def _slowly(settings: Settings, sent: list[Sent]) -> None:
    for start in range(0, len(sent), 20):
        await append(settings, sent[start : start + 20])


def _is_astray(each: Sent) -> bool:
    topic, key, value, partition = each
    return (
        topic == "learning.events" and key is None and home(orjson.loads(value or b"")["shopid"]) != partition
    )


def _each_is_decided_once(sent: list[Sent], taken: list[Input]) -> None:
    kinds = Counter(type(message) for message in taken)
    assert kinds[Invalid] == sum(number % 10 in {0, 4, 5} for number in range(len(sent)))
    # A run that was repeated may have moved an input twice: the decider knows it by its id.
    assert kinds[Moved] == sum(map(_is_astray, sent))
    decided = {orjson.loads(message.raw)["id"] for message in taken if isinstance(message, EnrichedInput)}
    good = [value or b"" for number, (_, _, value, _) in enumerate(sent) if number % 10 not in {0, 4, 5}]
    assert decided == {orjson.loads(value)["id"] for value in good}


@pytest.mark.slow
async def test_what_is_answered_is_repeated_after_a_rewind_and_not_before(
    topics: Settings, tmp_path: Path
) -> None:
    value = orjson.dumps(served(7, time=now()))
    one = ("learning.events", b"7", value, home(7))
    await append(topics, [one] * 5)
    with worker(topics, tmp_path / "first.log") as child:
        await read_until(topics, complete(topics, await ends(topics)))
        with pytest.raises(EnrichersRunning, match="stop the enrichers first"):
            await rewind(topics, LEARNING)
        status, seconds = stop(child)
    assert status == 0, (tmp_path / "first.log").read_text()
    assert seconds < 8
    await append(topics, [one])
    with worker(topics, tmp_path / "second.log") as child:
        found = await read_until(topics, complete(topics, await ends(topics)))
        stop(child)
    assert offsets(found, home(7)) == [0, 1, 2, 3, 4, 5]
    places = await rewind(topics, LEARNING, home(7), offset=4)
    assert places == {("learning.events", home(7)): 4, ("learning.reviews", home(7)): 0}
    await append(topics, [one])
    with worker(topics, tmp_path / "third.log"):
        found = await read_until(topics, complete(topics, await ends(topics)))
    assert offsets(found, home(7)) == [0, 1, 2, 3, 4, 5, 4, 5, 6]


def offsets(found: Enriched, partition: int) -> list[int]:
    return [message.input.offset for message in found["learning.events", partition]]


async def test_inputs_that_begin_above_0_and_transaction_markers_are_absent(
    topics: Settings, tmp_path: Path
) -> None:
    place = home(7)
    value = orjson.dumps(served(7, time=now()))
    await append(topics, [("learning.events", b"7", value, place)] * 5)
    await delete_before(topics, "learning.events", place, 3)
    client = kafka.producer(topics, transactional_id=topics.topic("foreign"))
    await client.start()
    for _ in range(2):
        async with client.transaction():
            await client.send(topics.topic("learning.events"), value, key=b"7", partition=place)
    await client.stop()
    await append(topics, [("learning.events", b"7", value, place)])
    with worker(topics, tmp_path / "worker.log"):
        found = await read_until(topics, complete(topics, await ends(topics)))
    messages = found["learning.events", place]
    absent = [(each.input.offset, each.last) for each in messages if isinstance(each, Absent)]
    assert absent == [(0, 2), (6, 6), (8, 8)]
    assert [each.input.offset for each in messages] == [0, 3, 4, 5, 6, 7, 8, 9]
    times = {each.input.offset: each.input.appended_at for each in messages}
    assert [times[first] for first, _ in absent] == [times[last + 1] for _, last in absent]
