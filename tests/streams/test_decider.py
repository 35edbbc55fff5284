"""Every input gives exactly one record, in order, whatever is repeated, missing, refused or taken over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import ProducerFenced
from prometheus_client import CollectorRegistry

from runtime import kafka
from runtime.fault import Faults
from runtime.settings import Settings
from schemas.enriched import Absent, Embedded, Enrichment, Input, Moved
from schemas.outcome import DeadLettered, DuplicateIgnored, InputAbsent, InputMoved, PolicyAdopted
from schemas.record import Record
from schemas.topics import DEAD_LETTERS, Topic
from streams.assignment import DeciderFailed
from streams.limits import Limits
from streams.log import LogRefused
from streams.snapshot import Snapshots, pickled
from streams.writer import Fenced, LogWriter, Outbox
from tests.streams.counting import CONTROL, EVENTS, FEED, TOPICS, Counting, said, tick
from tests.streams.scene import (
    QUICK,
    Scene,
    all_have,
    at,
    decided,
    enrich,
    inputs_of,
    numbers,
    reason,
    states,
    until,
    without_place,
)


@pytest.fixture
async def scene(kafka_settings: Settings) -> Scene:
    """Topics of one partition."""
    scene = Scene(kafka_settings.model_copy(update={"partitions": 1}))
    await scene.create_topics()
    return scene


@pytest.fixture
async def wide(kafka_settings: Settings) -> Scene:
    """Topics of three partitions."""
    scene = Scene(kafka_settings.model_copy(update={"partitions": 3}))
    await scene.create_topics()
    return scene


def assert_complete(records: Sequence[Record], inputs: int) -> None:
    """The opening, then one record for every input, counted without a gap."""
    assert [r.seq for r in records] == list(range(inputs + 1))
    assert inputs_of(records) == [(EVENTS, n) for n in range(inputs)]
    assert [type(o) for o in records[0].outcomes] == [PolicyAdopted]


async def test_five_thousand_inputs_with_repeats_and_a_hole_that_is_healed(wide: Scene) -> None:
    for partition in range(3):
        inputs = numbers(0, 1700, partition)
        # Two enrichers overlapped, and the second lost what is from 1000 to 1099.
        await wide.write([*inputs[:600], *inputs[400:1000], *inputs[1100:]])
    decider = wide.decider()
    async with wide.running(decider):
        await until(lambda: states(decider) == ["waiting"] * 3 and all_have(decider, 3, 1001))
        assert "learning" not in reason(decider.status())
        assert "counting.events[2] 1000 has not been enriched (1100 came next)" in reason(decider.status(), 2)
        for partition in range(3):
            await wide.write(numbers(900, 1700, partition))
        await until(lambda: states(decider) == ["live"] * 3 and all_have(decider, 3, 1701))
    for partition in range(3):
        assert_complete(await wide.log(partition), 1700)


async def test_what_an_input_becomes_stays_in_its_partition(wide: Scene) -> None:
    messages: list[Input] = [
        enrich(said(5, shop=4, id=1), 0, 2),
        replace(numbers(99, 100, 2)[0], input=at(1, 2)),
        Moved(at(2, 2), home=0),
        Absent(at(3, 2), last=8),
        enrich(said(5, shop=4, id=1), 9, 2),
        enrich(said(-5, shop=4, id=2), 10, 2),
    ]
    await wide.write(messages)
    decider = wide.decider()
    async with wide.running(decider):
        await until(lambda: max((each.seq for each in decider.status()), default=0) == 7)
    records = await wide.log(2)
    assert [type(o) for r in records[2:6] for o in r.outcomes] == [
        DeadLettered,
        InputMoved,
        InputAbsent,
        DuplicateIgnored,
    ]
    assert [m.key for m in await wide.messages(TOPICS.log.name, 2)] == [
        None,
        b"4",
        None,
        None,
        None,
        b"4",
        b"4",
    ]
    assert [(m.key, m.value) for m in await wide.messages(FEED, 2)] == [(b"4", b"5"), (b"4", None)]
    letters = [orjson.loads(m.value) for m in await wide.messages(DEAD_LETTERS.name, 2)]
    assert [(letter["reason"], letter["input"]["offset"]) for letter in letters] == [("not JSON", 1)]
    assert await wide.messages(TOPICS.log.name, 0) == []


async def test_a_log_opens_at_the_time_of_its_first_input(scene: Scene) -> None:
    await scene.write([enrich(tick(id=1), 0, topic=CONTROL), enrich(said(1, id=2), 0)])
    await scene.decide_all(3)
    opened, first, second = await scene.log()
    assert (opened.input, opened.at, first.at, second.at) == (
        None,
        at(0).appended_at,
        at(0).appended_at,
        first.at,
    )
    assert (opened.policy, second.enriched_offset) == (first.policy, 1)


async def test_a_log_that_begins_with_an_absence_opens_at_the_time_of_what_follows(scene: Scene) -> None:
    await scene.write([Absent(at(0, later=5000), 4), enrich(said(1, id=1), 5)])
    await scene.decide_all(3)
    assert [record.at for record in await scene.log()] == [at(5).appended_at] * 3


async def test_a_decider_without_partitions_is_spare_until_the_other_ends(scene: Scene) -> None:
    await scene.write(numbers(0, 10))
    first, second = scene.decider(), scene.decider()
    assert not first.is_spare
    async with scene.running(second):
        async with scene.running(first):
            await until(lambda: sorted([first.is_spare, second.is_spare]) == [False, True])
            await until(lambda: states(first) + states(second) == ["live"])
        await until(lambda: states(second) == ["live"])
        assert not second.is_spare


async def test_a_log_is_not_opened_for_what_cannot_be_decided(scene: Scene) -> None:
    await scene.write(numbers(5, 6))
    decider = scene.decider()
    async with scene.running(decider):
        await until(lambda: states(decider) == ["waiting"])
    assert await scene.log() == []


async def test_a_refused_partition_stops_and_the_others_go_on(wide: Scene) -> None:
    foreign = Enrichment("other", {"question": Embedded(np.ones(2, dtype="<f4"))})
    await wide.write(numbers(0, 10, 1))
    await wide.write(
        [*numbers(0, 10, 0), enrich(said(1, id=9), 10, 0, enrichment=foreign), *numbers(11, 20, 0)]
    )
    decider = wide.decider()
    async with wide.running(decider):
        await until(lambda: states(decider)[:2] == ["refused", "live"])
        await wide.write(numbers(10, 30, 1))
        await until(lambda: decider.status()[1].seq == 31)
        assert "events[0] 10 was embedded with 'other'" in reason(decider.status())
        assert not any(each.has_work for each in decider.status())
    assert_complete(await wide.log(0), 10)
    assert_complete(await wide.log(1), 30)


async def test_an_unreadable_message_refuses_its_partition(scene: Scene) -> None:
    await scene.write(numbers(0, 3))
    async with kafka.producer(scene.settings) as producer:
        await producer.send_and_wait(scene.settings.topic(TOPICS.enriched.name), b"{}", partition=0)
    decider = scene.decider()
    async with scene.running(decider):
        await until(lambda: states(decider) == ["refused"])
        assert f"{TOPICS.enriched.name}[0] 3 cannot be read" in reason(decider.status())
    assert_complete(await scene.log(), 3)


async def test_a_record_that_is_too_large_refuses_its_partition(scene: Scene) -> None:
    await scene.write([*numbers(0, 3), enrich(said(2, id=9, padding="x" * 3_000_000), 3)])
    decider = scene.decider()
    async with scene.running(decider):
        await until(lambda: states(decider) == ["refused"])
        assert f"{EVENTS}[0] 3 has 12,000," in reason(decider.status())
    assert_complete(await scene.log(), 3)


async def test_a_batch_larger_than_a_transaction_is_split(scene: Scene) -> None:
    large = [enrich(said(1, id=n, padding="x" * 700_000), n) for n in range(6)]
    await scene.write(large)
    registry = CollectorRegistry()
    await scene.decide_all(7, limits=replace(QUICK, transaction_bytes=2_000_000), registry=registry)
    assert_complete(await scene.log(), 6)
    labels = {"domain": "counting", "partition": "0"}
    assert registry.get_sample_value("relearn_decider_records_total", labels) == 7
    assert registry.get_sample_value("relearn_decider_transaction_seconds_count", {"domain": "counting"}) >= 3


async def test_a_restarted_decider_goes_on_where_the_log_ends(scene: Scene) -> None:
    await scene.write(numbers(0, 50))
    await scene.decide_all(51)
    await scene.write(numbers(20, 90))
    await scene.decide_all(91)
    assert_complete(await scene.log(), 90)


async def test_an_enriched_topic_that_begins_later_is_read_from_there(scene: Scene) -> None:
    await scene.write(numbers(0, 50))
    await scene.decide_all(51)
    await scene.write(numbers(50, 60))
    await delete_before(scene, 60)
    await scene.write(numbers(40, 70))
    await scene.decide_all(71)
    assert_complete(await scene.log(), 70)


async def delete_before(scene: Scene, offset: int) -> None:
    """As retention would."""
    admin = kafka.admin(scene.settings)
    await admin.start()
    tp = TopicPartition(scene.settings.topic(TOPICS.enriched.name), 0)
    await admin.delete_records({tp: RecordsToDelete(before_offset=offset)})
    await admin.close()


@pytest.mark.parametrize(
    ("now_there", "why"), [(20, "it ends at 20 now"), (80, f"{EVENTS}[0] 39 stands there now")]
)
async def test_a_recreated_enriched_topic_is_refused(scene: Scene, now_there: int, why: str) -> None:
    await scene.write([*numbers(0, 10), *numbers(0, 40)])
    await scene.decide_all(41)
    await scene.recreate_enriched()
    # The checkpoint is 49, which was about input 39; now it is about 49.
    await scene.write(numbers(0, now_there))
    decider = scene.decider()
    async with scene.running(decider):
        await until(lambda: states(decider) == ["refused"])
        assert "was recreated" in reason(decider.status())
        assert why.replace("39", "49") in reason(decider.status())
    assert_complete(await scene.log(), 40)


async def test_a_recreated_input_topic_is_refused(scene: Scene) -> None:
    await scene.write([*numbers(0, 10), replace(numbers(3, 4)[0], input=at(3, later=60_000))])
    decider = scene.decider()
    async with scene.running(decider):
        await until(lambda: states(decider) == ["refused"])
        assert "input topic counting.events[0] was recreated" in reason(decider.status())
    assert_complete(await scene.log(), 10)


async def test_another_number_of_partitions_is_refused(wide: Scene) -> None:
    await wide.write(numbers(0, 10, 1))
    decider = wide.decider(partitions=4)
    async with wide.running(decider):
        await until(lambda: states(decider) == ["refused"] * 3)
        assert "counting.events has 3 partitions, but RELEARN_PARTITIONS is 4" in reason(decider.status())
    assert await wide.log(1) == []


@pytest.mark.parametrize(
    ("log", "why"),
    [
        (replace(TOPICS.log, retention_ms=1000), "has retention.ms=1000: a log is kept for ever"),
        (replace(TOPICS.log, cleanup="compact"), "has cleanup.policy=compact"),
        (replace(TOPICS.log, name="another"), "does not exist"),
    ],
)
async def test_a_log_that_is_not_kept_is_refused(kafka_settings: Settings, log: Topic, why: str) -> None:
    await kafka.create_topics(kafka_settings, [log])
    with pytest.raises(LogRefused, match=why):
        await Scene(kafka_settings).decider().run()


async def test_a_fenced_decider_lets_go(scene: Scene) -> None:
    await scene.write(numbers(0, 20))
    decider = scene.decider(replace(QUICK, fenced_seconds=1.0))
    running = asyncio.create_task(decider.run())
    await until(lambda: all_have(decider, 1, 21))
    usurper = LogWriter(scene.settings, TOPICS.name, 0, QUICK, Faults())
    await usurper.start()
    await scene.write(numbers(20, 40))
    await until(lambda: "taken the partition over" in reason(decider.status()))
    assert states(decider) == ["opening"]
    with pytest.raises(DeciderFailed, match="partition 0 was taken over"):
        await running
    await usurper.close()
    assert_complete(await scene.log(), 20)
    await scene.decide_all(41)
    assert_complete(await scene.log(), 40)


async def test_a_zombies_transaction_is_never_seen(scene: Scene) -> None:
    open_one, idle_one = (LogWriter(scene.settings, TOPICS.name, 0, QUICK, Faults()) for _ in range(2))
    await idle_one.start()
    await open_one.start()
    assert open_one._producer is not None
    await open_one._producer.begin_transaction()
    await open_one._producer.send_and_wait(scene.settings.topic(TOPICS.log.name), b"undead", partition=0)
    await scene.write(numbers(0, 20))
    await scene.decide_all(21)
    with pytest.raises(ProducerFenced):
        await open_one._producer.commit_transaction()
    outbox = Outbox()
    outbox.add(TOPICS.log.name, None, b"undead")
    with pytest.raises(Fenced):
        await idle_one.write(outbox, TOPICS.log.name)
    await asyncio.gather(open_one.close(), idle_one.close())
    assert_complete(await scene.log(), 20)


async def test_an_error_in_a_domain_ends_the_process_with_coordinates(scene: Scene) -> None:
    await scene.write([*numbers(0, 3), enrich(said(13, id=9), 3)])
    with pytest.raises(ArithmeticError) as failed:
        async with asyncio.timeout(30):
            await scene.decider().run()
    assert any("counting.enriched" in note for note in failed.value.__notes__)
    assert await scene.log() == []


class TestSnapshots:
    @pytest.fixture
    async def saving(self, scene: Scene, tmp_path: Path) -> AsyncIterator[Scene]:
        """A log of 60 inputs, and a snapshot of it."""
        scene.settings = scene.settings.model_copy(update={"snapshot_dir": tmp_path})
        await scene.write(numbers(0, 60))
        await scene.decide_all(61)
        yield scene
        # Whatever became of the snapshot: the same records.
        await scene.write(numbers(60, 80))
        await scene.decide_all(81)
        assert_complete(await scene.log(), 80)
        assert without_place(await scene.log()) == without_place(decided(numbers(0, 80)))

    @staticmethod
    def snapshots(scene: Scene) -> Snapshots[object]:
        assert scene.settings.snapshot_dir is not None
        return Snapshots(scene.settings.snapshot_dir, Counting(), scene.settings.topic(TOPICS.log.name))

    async def test_it_holds_the_state(self, saving: Scene) -> None:
        folded = self.snapshots(saving).load(0)
        assert folded is not None
        assert (folded.state.seq, folded.state.checkpoint, len(folded.state.seen)) == (61, 59, 60)

    async def test_it_may_be_deleted(self, saving: Scene) -> None:
        self.snapshots(saving).path(0).unlink()

    @pytest.mark.parametrize("at", [0, 20, -10])
    async def test_a_damaged_one_is_ignored(self, saving: Scene, at: int) -> None:
        path = self.snapshots(saving).path(0)
        content = bytearray(path.read_bytes())
        content[at] ^= 1
        path.write_bytes(content)
        assert self.snapshots(saving).load(0) is None

    async def test_one_of_another_version_is_ignored(self, saving: Scene) -> None:
        path = self.snapshots(saving).path(0)
        line, _, rest = path.read_bytes().partition(b"\n")
        path.write_bytes(orjson.dumps({**orjson.loads(line), "code": "old"}) + b"\n" + rest)
        assert self.snapshots(saving).load(0) is None

    async def test_one_of_another_log_is_ignored(self, saving: Scene) -> None:
        """Its file has the right name, and all is well with it: but the log holds something else there."""
        apart = {"topic_prefix": f"other.{saving.settings.topic_prefix}"}
        other = Scene(saving.settings.model_copy(update=apart))
        await other.create_topics()
        await other.write(numbers(0, 60, shops=3))
        await other.decide_all(61)
        folded = self.snapshots(other).load(0)
        assert folded is not None
        assert folded.offset is not None
        self.snapshots(saving).save(0, folded.offset, pickled(folded))

    async def test_one_is_written_while_running(self, saving: Scene) -> None:
        before = self.snapshots(saving).path(0).read_bytes()
        decider = saving.decider(Limits(snapshot_records=10))
        async with saving.running(decider):
            await until(lambda: all_have(decider, 1, 61))
            await saving.write(numbers(60, 70))
            await until(lambda: self.snapshots(saving).path(0).read_bytes() != before)
            assert all_have(decider, 1, 71)

    async def test_one_is_written_at_once_when_something_is_forgotten(
        self, scene: Scene, tmp_path: Path
    ) -> None:
        scene.settings = scene.settings.model_copy(update={"snapshot_dir": tmp_path})
        decider = scene.decider(Limits(snapshot_records=4))
        async with scene.running(decider):
            await scene.write([enrich(said(1, shop=shop, id=shop), shop - 1) for shop in (1, 2, 3)])
            await until(lambda: self.snapshots(scene).path(0).exists())
            await scene.write([enrich(said(-13, shop=2, id=4), 3)])
            await until(lambda: totals(self.snapshots(scene)) == {1: 1, 3: 1})


def totals(snapshots: Snapshots[Any]) -> dict[int, int]:
    folded = snapshots.load(0)
    assert folded is not None
    found: dict[int, int] = folded.state.domain.shops
    return found


async def test_metrics_tell_the_state_of_every_partition(wide: Scene) -> None:
    await wide.write([*numbers(0, 5, 1), *numbers(3, 5, 1), *numbers(7, 9, 1)])
    registry = CollectorRegistry()
    decider = wide.decider(registry=registry)

    def told(name: str, partition: int, **labels: str) -> float | None:
        of = {"domain": "counting", "partition": str(partition), **labels}
        return registry.get_sample_value(f"relearn_decider_{name}", of)

    async with wide.running(decider):
        await until(lambda: told("state", 1, state="waiting") == 1 and told("seq", 1) == 6)
        assert [told(name, 1) for name in ("passed_over_total", "checkpoint", "lag", "repeats_total")] == [
            2,
            4,
            0,
            2,
        ]
        await until(lambda: told("state", 0, state="live") == 1)
        assert (told("state", 0, state="waiting"), told("checkpoint", 0), told("seq", 0)) == (0, -1, 0)
