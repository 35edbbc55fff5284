"""A log is read to its end whatever gaps its offsets have, and tells how far its inputs are decided."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

import pytest
from aiokafka import TopicPartition

from runtime import kafka
from runtime.fault import Faults
from runtime.reading import end_of, read, reader
from runtime.settings import Settings
from schemas.outcome import PolicyAdopted
from streams.checkpoints import read_checkpoints
from streams.log import Folded, LogDamaged, LogReader, first_record
from streams.partition import Machine
from streams.writer import LogWriter, Outbox
from tests.streams.counting import CONTROL, EVENTS, TOPICS, Counting, tick
from tests.streams.scene import CODEC, QUICK, Scene, at, enrich, numbers

MACHINE = Machine(Counting())


@pytest.fixture
async def scene(kafka_settings: Settings) -> Scene:
    scene = Scene(kafka_settings.model_copy(update={"partitions": 2}))
    await scene.create_topics()
    return scene


def log_of(scene: Scene, partition: int = 0) -> TopicPartition:
    return TopicPartition(scene.settings.topic(TOPICS.log.name), partition)


async def write_log(scene: Scene, *values: bytes) -> None:
    """One transaction for each."""
    writer = LogWriter(scene.settings, TOPICS.name, 0, QUICK, Faults())
    await writer.start()
    for value in values:
        outbox = Outbox()
        outbox.add(TOPICS.log.name, None, value)
        await writer.write(outbox, TOPICS.log.name)
    await writer.close()


async def test_markers_do_not_hide_the_end(scene: Scene) -> None:
    await write_log(scene, b"one", b"two", b"three")
    tp = log_of(scene)
    async with reader(scene.settings, tp) as consumer:
        assert await end_of(consumer, tp) == 6
        found = [(m.offset, m.value) async for lot in read(consumer, tp, 0, 6) for m in lot]
        assert found == [(0, b"one"), (2, b"two"), (4, b"three")]
        assert [m.value async for lot in read(consumer, tp, 1, 3) for m in lot] == [b"two"]
        assert [lot async for lot in read(consumer, tp, 5, 6)] == []


async def test_what_was_not_committed_is_not_read(scene: Scene) -> None:
    await write_log(scene, b"one")
    async with kafka.producer(scene.settings, transactional_id="other") as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(log_of(scene).topic, b"aborted", partition=0)
        await producer.abort_transaction()
    await write_log(scene, b"two")
    assert [m.value for m in await scene.messages(TOPICS.log.name)] == [b"one", b"two"]


async def test_the_first_record_tells_what_a_log_was_opened_with(scene: Scene) -> None:
    await scene.write(numbers(0, 5))
    decider = scene.decider()
    async with scene.running(decider):
        await scene.until_records(6)
    async with reader(scene.settings, log_of(scene), log_of(scene, 1)) as consumer:
        opened = await first_record(consumer, log_of(scene), CODEC)
        assert opened is not None
        (adopted,) = opened.outcomes
        assert isinstance(adopted, PolicyAdopted)
        assert adopted.partitions == 2
        assert await first_record(consumer, log_of(scene, 1), CODEC) is None


class TestFold:
    def log_reader(self, consumer: object, scene: Scene) -> LogReader[object]:
        return LogReader(consumer, log_of(scene), CODEC, MACHINE, lambda _: None)

    def consumer(self, scene: Scene) -> AbstractAsyncContextManager[object]:
        return reader(scene.settings, log_of(scene))

    async def test_it_goes_on_where_it_was(self, scene: Scene) -> None:
        await scene.write(numbers(0, 50))
        async with self.consumer(scene) as consumer:
            folded: Folded[object] = Folded(MACHINE.new(0))
            log_reader = self.log_reader(consumer, scene)
            assert await log_reader.catch_up(folded)
            assert (folded.state.seq, folded.offset) == (0, None)
            for end in (50, 80):
                await scene.write(numbers(end - 30, end))
                async with scene.running(scene.decider()):
                    await scene.until_records(end + 1)
                assert await log_reader.catch_up(folded)
                assert folded.state.seq == end + 1
                assert CODEC.decode(folded.value).seq == end

    async def test_a_state_of_another_log_is_left_alone(self, scene: Scene) -> None:
        await scene.write(numbers(0, 20))
        async with scene.running(scene.decider()):
            await scene.until_records(21)
        async with self.consumer(scene) as consumer:
            folded: Folded[object] = Folded(MACHINE.new(0), 7, b"another")
            assert not await self.log_reader(consumer, scene).catch_up(folded)
            assert not await self.log_reader(consumer, scene).catch_up(Folded(MACHINE.new(0), 1000, b""))
            assert folded.state == MACHINE.new(0)

    @pytest.mark.parametrize(
        ("more", "why"),
        [(b"{}", "cannot be read: .* not a record"), (None, "record 2 should stand at .* 3, not 1")],
    )
    async def test_a_damaged_log_is_not_folded(self, scene: Scene, more: bytes | None, why: str) -> None:
        await scene.write(numbers(0, 1))
        async with scene.running(scene.decider()):
            await scene.until_records(2)
        last = (await scene.messages(TOPICS.log.name))[-1].value
        await write_log(scene, more or last)
        async with self.consumer(scene) as consumer:
            with pytest.raises(LogDamaged, match=why):
                await self.log_reader(consumer, scene).catch_up(Folded(MACHINE.new(0)))


async def test_checkpoints_tell_of_every_input_topic(scene: Scene) -> None:
    """The only tick stands so far back that the end of the log does not show it."""
    for topic, count in ((EVENTS, 1), (CONTROL, 1)):
        async with kafka.producer(scene.settings) as producer:
            for _ in range(count):
                await producer.send_and_wait(scene.settings.topic(topic), b"{}", partition=0)
    await scene.write([enrich(tick(id=1), 0, topic=CONTROL), *numbers(0, 400)])
    async with scene.running(scene.decider()):
        await scene.until_records(402)
    (found,) = await read_checkpoints(scene.settings, Counting())
    assert (found.partition, found.seq, found.enriched_offset) == (0, 401, 400)
    assert found.next_offsets == {EVENTS: 400, CONTROL: 1}
    assert found.decided_at.timestamp() * 1000 == at(399).appended_at


async def test_an_input_that_was_never_used_is_not_looked_for(scene: Scene) -> None:
    await scene.write(numbers(0, 10))
    async with scene.running(scene.decider()):
        await scene.until_records(11)
    (found,) = await read_checkpoints(scene.settings, Counting())
    assert found.next_offsets == {EVENTS: 10}
