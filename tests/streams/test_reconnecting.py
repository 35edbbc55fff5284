"""A log goes on with other topics around it, and decides nothing twice and leaves nothing out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from aiokafka import TopicPartition

from runtime import kafka
from runtime.clock import SystemClock
from runtime.settings import Settings
from schemas.enriched import Coordinates, Enriched, Input
from schemas.outcome import TopicsReconnected
from streams.batches import Message, send_batches
from streams.checkpoints import read_checkpoints
from streams.enrichment.inputs import group_of
from streams.reconnecting import Plan, Reconnection, ReconnectionRefused
from tests.streams.counting import CONTROL, EVENTS, FEED, MODEL, TOPICS, Counting, said
from tests.streams.scene import Scene, enrich, inputs_of, numbers, reason, states, until


@pytest.fixture
async def scene(kafka_settings: Settings) -> Scene:
    scene = Scene(kafka_settings.model_copy(update={"partitions": 1, "embedding_model": MODEL}))
    await scene.create_topics()
    return scene


async def appended(scene: Scene, count: int) -> list[Coordinates]:
    """Really appends so many inputs, each at a time of its own."""
    topic, found = scene.settings.topic(EVENTS), list[Coordinates]()
    async with kafka.producer(scene.settings) as producer:
        while len(found) < count:
            done = await producer.send_and_wait(topic, b"{}", partition=0)
            if not found or done.timestamp > found[-1].appended_at:
                found.append(Coordinates(EVENTS, 0, done.offset, done.timestamp))
    return found


def about(inputs: list[Coordinates]) -> list[Input]:
    """What an enricher says of them, as if nothing else stood between."""
    return [Enriched(at, enrich(said(n, id=n), n).raw) for n, at in enumerate(inputs)]


async def reconnected(scene: Scene) -> list[Plan]:
    work = Reconnection(scene.settings, Counting(), SystemClock())
    plans = await work.plan()
    await work.carry_out(plans)
    return plans


def places(plans: list[Plan]) -> dict[str, tuple[int, int]]:
    return {each.topic: (each.decided, each.next_offset) for plan in plans for each in plan.junctions}


async def test_new_inputs_are_decided_after_the_old(scene: Scene) -> None:
    """All is lost but the log: as after an import."""
    await scene.write(numbers(0, 10))
    await scene.decide_all(11)
    await scene.recreate_enriched()
    plans = await reconnected(scene)
    assert places(plans) == {EVENTS: (10, 0), CONTROL: (0, 0)}
    new = [replace(each, input=replace(each.input, appended_at=10**13)) for each in numbers(0, 15)[10:]]
    fresh = [replace(each, input=replace(each.input, offset=n)) for n, each in enumerate(new)]
    await scene.write(fresh)
    await scene.decide_all(17)
    await scene.until_records(17)
    records = await scene.log()
    assert [record.seq for record in records] == list(range(17))
    assert inputs_of(records) == [(EVENTS, n) for n in [*range(10), *range(5)]]
    assert isinstance(records[11].outcomes[0], TopicsReconnected)
    (found,) = await read_checkpoints(scene.settings, Counting())
    assert (found.enriched_offset, found.next_offsets) == (4, {EVENTS: 5, CONTROL: 0})


async def test_without_it_new_topics_are_refused(scene: Scene) -> None:
    """What is promised above is not so by itself, and the sentence says what to do."""
    await scene.write(numbers(0, 10))
    await scene.decide_all(11)
    later = [replace(each, input=replace(each.input, appended_at=10**13)) for each in numbers(0, 5)]
    await scene.write(later)
    decider = scene.decider()
    async with scene.running(decider):
        await until(lambda: states(decider) == ["refused"])
    assert "relearn log reconnect" in reason(decider.status())


async def test_a_checkpoint_right_after_it_is_told(scene: Scene) -> None:
    await scene.write(numbers(0, 10))
    await scene.decide_all(11)
    await reconnected(scene)
    await scene.until_records(12)
    (found,) = await read_checkpoints(scene.settings, Counting())
    assert (found.seq, found.enriched_offset, found.next_offsets) == (11, 9, {EVENTS: 0, CONTROL: 0})


async def test_the_same_inputs_go_on_where_they_were(scene: Scene) -> None:
    """Though those that are not decided were appended at the very same time."""
    at = await appended_at_once(scene, 6)
    await scene.write(about(at[:4]))
    await scene.decide_all(5)
    await scene.recreate_enriched()
    assert places(await reconnected(scene))[EVENTS] == (4, 4)
    await scene.write(about(at)[2:])
    await scene.decide_all(8)
    await scene.until_records(8)
    assert inputs_of(await scene.log()) == [(EVENTS, n) for n in range(6)]


async def appended_at_once(scene: Scene, count: int) -> list[Coordinates]:
    """Appends so many inputs at one and the same time."""
    topic = scene.settings.topic(EVENTS)
    async with (
        kafka.producer(scene.settings) as producer,
        kafka.consumer(scene.settings, topic) as consumer,
    ):
        await send_batches(producer, topic, 0, [Message(None, b"{}")] * count)
        stood = [await anext(aiter(consumer)) for _ in range(count)]
    assert len({m.timestamp for m in stood}) == 1
    return [Coordinates(EVENTS, 0, m.offset, m.timestamp) for m in stood]


async def test_an_older_copy_of_the_inputs_goes_on_with_what_is_new(scene: Scene) -> None:
    """The log has decided 9 inputs, of which this topic has lost all but the first two; three were appended since."""
    at = await appended(scene, 5)
    old = [Coordinates(EVENTS, 0, n, at[0].appended_at - 9 + n) for n in range(8)]
    await scene.write(about([*old, Coordinates(EVENTS, 0, 8, at[1].appended_at)]))
    await scene.decide_all(10)
    assert places(await reconnected(scene))[EVENTS] == (9, at[2].offset)


async def test_what_the_feeds_say_is_said_again(scene: Scene) -> None:
    await scene.write(numbers(0, 10))
    await scene.decide_all(11)
    before = await scene.messages(FEED)
    await reconnected(scene)
    after = await scene.messages(FEED)
    latest = {m.key: m.value for m in before}
    assert {m.key: m.value for m in after[len(before) :]} == latest
    assert len(after) - len(before) == len(latest)


async def test_enrichers_repeat_from_where_inputs_go_on(scene: Scene) -> None:
    await appended(scene, 3)
    await scene.write(numbers(0, 10))
    await scene.decide_all(11)
    async with kafka.consumer(scene.settings, group_id=group_of(scene.settings, TOPICS)) as consumer:
        tp = TopicPartition(scene.settings.topic(EVENTS), 0)
        consumer.assign([tp])
        await consumer.commit({tp: 10})
        await reconnected(scene)
        assert await consumer.committed(tp) == 0


async def test_deciders_must_not_run(scene: Scene) -> None:
    await scene.write(numbers(0, 10))
    async with scene.running(scene.decider()):
        await scene.until_records(11)
        with pytest.raises(ReconnectionRefused, match="stop deciders and enrichers first"):
            await reconnected(scene)


async def test_a_log_that_moves_meanwhile_is_not_written(scene: Scene) -> None:
    await scene.write(numbers(0, 10))
    await scene.decide_all(11)
    work: Any = Reconnection(scene.settings, Counting(), SystemClock())
    plans = await work.plan()
    await scene.write(numbers(10, 20))
    await scene.decide_all(21)
    with pytest.raises(ReconnectionRefused, match="goes on with 10 records"):
        await work.carry_out(plans)
    assert len(await scene.log()) == 21


async def test_a_log_without_records_needs_nothing(scene: Scene) -> None:
    assert await Reconnection(scene.settings, Counting(), SystemClock()).plan() == []


async def test_an_unknown_partition_is_refused(scene: Scene) -> None:
    with pytest.raises(ReconnectionRefused, match="there is no partition 7"):
        await Reconnection(scene.settings, Counting(), SystemClock()).plan(7)
