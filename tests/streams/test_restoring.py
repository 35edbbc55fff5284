"""A log into files and out of them, with real brokers: record for record the same, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from aiokafka import ConsumerRecord
from aiokafka.admin import NewPartitions

from runtime import kafka
from runtime.settings import Settings
from streams import archive
from streams.archive import ArchiveRefused, check, load
from streams.exporting import export_log
from streams.restoring import import_log
from tests.streams.counting import MODEL, TOPICS, Counting
from tests.streams.scene import Scene, numbers


@pytest.fixture
async def scene(kafka_settings: Settings) -> Scene:
    """A log of two partitions, 31 and 21 records."""
    scene = Scene(kafka_settings.model_copy(update={"partitions": 2, "embedding_model": MODEL}))
    await scene.create_topics()
    await scene.write([*numbers(0, 30), *numbers(0, 20, partition=1)])
    await scene.decide_all(21)
    await scene.until_records(31)
    return scene


@pytest.fixture
async def empty(scene: Scene) -> Scene:
    """Another installation, whose topics are new."""
    empty = Scene(scene.settings.model_copy(update={"topic_prefix": f"{scene.settings.topic_prefix}new."}))
    await empty.create_topics()
    return empty


async def said(scene: Scene) -> list[list[tuple[bytes | None, bytes | None]]]:
    """Keys and values of the whole log."""
    return [_said(await scene.messages(TOPICS.log.name, number)) for number in (0, 1)]


def _said(messages: Sequence[ConsumerRecord]) -> list[tuple[bytes | None, bytes | None]]:
    return [(m.key, m.value) for m in messages]


async def test_a_log_comes_back_as_it_was(scene: Scene, empty: Scene, tmp_path: Path) -> None:
    exported = await export_log(scene.settings, Counting(), tmp_path)
    assert [each.records for each in exported.logs] == [31, 21]
    assert (exported.domain, exported.topic, exported.embedding_model) == ("counting", TOPICS.log.name, MODEL)
    await import_log(empty.settings, Counting(), tmp_path)
    assert await said(empty) == await said(scene)


async def test_a_second_export_appends_what_is_new(scene: Scene, empty: Scene, tmp_path: Path) -> None:
    first = await export_log(scene.settings, Counting(), tmp_path)
    kept = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("*.gz")}
    assert await export_log(scene.settings, Counting(), tmp_path) == first
    await scene.write(numbers(30, 40))
    async with scene.running(scene.decider()):
        await scene.until_records(41)
    again = await export_log(scene.settings, Counting(), tmp_path)
    assert [(file.first_seq, file.last_seq) for file in again.logs[0].files] == [(0, 30), (31, 40)]
    assert len(again.logs[1].files) == 1
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in kept} == kept
    await import_log(empty.settings, Counting(), tmp_path)
    assert await said(empty) == await said(scene)


async def test_partitions_added_by_hand_are_left_out(scene: Scene, tmp_path: Path) -> None:
    log = scene.settings.topic(TOPICS.log.name)
    admin = kafka.admin(scene.settings)
    await admin.start()
    await admin.create_partitions({log: NewPartitions(total_count=3)})
    await admin.close()
    exported = await export_log(scene.settings, Counting(), tmp_path / "right")
    assert [each.records for each in exported.logs] == [31, 21]
    assert exported.partitions == 2
    async with kafka.producer(scene.settings) as producer:
        await producer.send_and_wait(log, b"{}", partition=2)
    with pytest.raises(ArchiveRefused, match=r"\[2\] holds messages, .* opened with 2 partitions"):
        await export_log(scene.settings, Counting(), tmp_path / "wrong")


async def test_an_export_that_was_ended_goes_on(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FILE_RECORDS", 10)
    whole = tmp_path / "whole"
    wanted = await export_log(scene.settings, Counting(), whole)

    class Ended(Exception):
        pass

    def end(path: Path, manifest: object) -> None:
        save(path, manifest)  # type: ignore[arg-type]
        raise Ended

    save = archive.save
    folder = tmp_path / "ended"
    with monkeypatch.context() as patched:
        patched.setattr("streams.exporting.save", end)
        with pytest.raises(Ended):
            await export_log(scene.settings, Counting(), folder)
    held = load(folder)
    assert held is not None
    check(folder, held)
    assert held.records == 10
    assert await export_log(scene.settings, Counting(), folder) == wanted
    assert sorted(path.name for path in folder.iterdir()) == sorted(path.name for path in whole.iterdir())


async def test_another_log_is_not_appended(scene: Scene, empty: Scene, tmp_path: Path) -> None:
    await export_log(scene.settings, Counting(), tmp_path)
    before = (tmp_path / archive.MANIFEST).read_bytes()
    await empty.write([*numbers(0, 50, shops=2), *numbers(0, 50, partition=1, shops=2)])
    await empty.decide_all(51)
    with pytest.raises(ArchiveRefused, match=r"holds another log.*empty folder"):
        await export_log(empty.settings, Counting(), tmp_path)
    assert (tmp_path / archive.MANIFEST).read_bytes() == before


async def test_a_log_that_is_not_empty_is_refused(scene: Scene, tmp_path: Path) -> None:
    await export_log(scene.settings, Counting(), tmp_path)
    before = await said(scene)
    with pytest.raises(ArchiveRefused, match="is not empty"):
        await import_log(scene.settings, Counting(), tmp_path)
    assert await said(scene) == before


async def test_another_number_of_partitions_is_refused(scene: Scene, tmp_path: Path) -> None:
    await export_log(scene.settings, Counting(), tmp_path)
    update = {"topic_prefix": f"{scene.settings.topic_prefix}wide.", "partitions": 3}
    wide = scene.settings.model_copy(update=update)
    await kafka.create_topics(wide, TOPICS)
    with pytest.raises(ArchiveRefused, match=r"has 2 partitions, .* has 3: .*RELEARN_PARTITIONS=2"):
        await import_log(wide, Counting(), tmp_path)


async def test_another_model_is_refused(empty: Scene, scene: Scene, tmp_path: Path) -> None:
    await export_log(scene.settings, Counting(), tmp_path)
    other = empty.settings.model_copy(update={"embedding_model": "larger"})
    with pytest.raises(ArchiveRefused, match="RELEARN_EMBEDDING_MODEL"):
        await import_log(other, Counting(), tmp_path)


async def test_wrong_hashes_are_refused_before_anything_is_written(
    scene: Scene, empty: Scene, tmp_path: Path
) -> None:
    manifest = await export_log(scene.settings, Counting(), tmp_path)
    path = tmp_path / manifest.logs[1].files[0].name
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ArchiveRefused, match="its SHA-256 is another"):
        await import_log(empty.settings, Counting(), tmp_path)
    assert await said(empty) == [[], []]


async def test_deciders_must_not_run(scene: Scene, empty: Scene, tmp_path: Path) -> None:
    await export_log(scene.settings, Counting(), tmp_path)
    decider = empty.decider()
    async with empty.running(decider):
        await empty.write(numbers(0, 1))
        await empty.until_records(2)
        with pytest.raises(ArchiveRefused, match="stop the deciders first"):
            await import_log(empty.settings, Counting(), tmp_path)


async def test_a_folder_without_a_log_is_refused(scene: Scene, tmp_path: Path) -> None:
    with pytest.raises(ArchiveRefused, match="no exported log"):
        await import_log(scene.settings, Counting(), tmp_path)
