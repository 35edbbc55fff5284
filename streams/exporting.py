"""A log into files: what is new since the last time, and only if it is still the same log."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from runtime.reading import end_of, read, reader, tps_of
from runtime.settings import Settings
from schemas.outcome import PolicyAdopted
from schemas.record import Record, RecordCodec
from streams.archive import ArchivePartition, ArchiveRefused, Entry, FileWriter, Manifest, load, save
from streams.domain import Domain
from streams.log import first_record

Progress = Callable[[int], object]
"""Is told how many more records were copied."""


async def export_log(
    settings: Settings, domain: Domain[Any], folder: Path, progress: Progress = lambda count: None
) -> Manifest:
    """Appends to the archive in this folder all committed records that it does not hold yet.

    It may be ended at any moment: what is whole is kept, and the next export goes on there.

    Raises:
        ArchiveRefused: if the folder holds another log, or this log is empty or damaged.
    """
    tps = await tps_of(settings, domain.topics.log)
    async with reader(settings, *tps) as consumer:
        begun = await _begun(consumer, tps, domain)
        for tp in tps[begun.partitions :]:
            await _require_unused(consumer, tp, begun.partitions)
        manifest = _continued(folder, begun)
        for tp, log in zip(tps, manifest.logs, strict=False):
            await _Export(consumer, tp, log, folder, manifest, progress).run()
    return manifest


async def _begun(consumer: AIOKafkaConsumer, tps: list[TopicPartition], domain: Domain[Any]) -> Manifest:
    """The manifest of this log before anything of it is exported."""
    codec = RecordCodec(domain.topics.types, domain.outcomes)
    for tp in tps:
        if (record := await first_record(consumer, tp, codec)) is not None:
            opened = _opened(tp, record)
            # A topic may have been given more by hand: they are none of the log's.
            logs = [ArchivePartition(partition=number) for number in range(opened.partitions)]
            return Manifest(
                domain=domain.topics.name,
                topic=domain.topics.log.name,
                partitions=opened.partitions,
                embedding_model=opened.embedding_model,
                logs=logs,
            )
    raise ArchiveRefused(f"the log of {domain.topics.name} is empty: there is nothing to export")


def _opened(tp: TopicPartition, record: Record) -> PolicyAdopted:
    if record.seq == 0 and record.outcomes and isinstance(record.outcomes[0], PolicyAdopted):
        return record.outcomes[0]
    raise ArchiveRefused(f"{tp.topic}[{tp.partition}] does not open with a policy: its beginning is missing")


async def _require_unused(consumer: AIOKafkaConsumer, tp: TopicPartition, partitions: int) -> None:
    async for _ in read(consumer, tp, 0, await end_of(consumer, tp)):
        raise ArchiveRefused(
            f"{tp.topic}[{tp.partition}] holds messages, but this log was opened with {partitions} partitions"
        )


def _continued(folder: Path, begun: Manifest) -> Manifest:
    """The manifest in the folder if it is of such a log, else a new one."""
    held = load(folder)
    if held is None:
        folder.mkdir(parents=True, exist_ok=True)
        return begun
    for name in ("domain", "topic", "partitions", "embedding_model"):
        if (found := getattr(held, name)) != getattr(begun, name):
            raise ArchiveRefused(
                f"{folder} holds another log, with {name} {found}, not {getattr(begun, name)}: "
                f"export into an empty folder"
            )
    return held


class _Export:
    """Of one partition."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        tp: TopicPartition,
        log: ArchivePartition,
        folder: Path,
        manifest: Manifest,
        progress: Progress,
    ) -> None:
        self._consumer, self._tp, self._log = consumer, tp, log
        self._folder, self._manifest, self._progress = folder, manifest, progress
        self._writer: FileWriter | None = None

    async def run(self) -> None:
        """Copies from where the archive ends to where the log ends now."""
        await self._require_same_log()
        end = await end_of(self._consumer, self._tp)
        try:
            async for lot in read(self._consumer, self._tp, self._log.offset + 1, end):
                for message in lot:
                    self._add(message)
                self._progress(len(lot))
            self._finish()
        finally:
            if self._writer is not None:
                self._writer.close()

    def _add(self, message: ConsumerRecord) -> None:
        entry = Entry(self._seq(message), message.offset, message.timestamp, message.key, message.value)
        if self._writer is None:
            self._writer = FileWriter(self._folder, self._log)
        self._writer.add(entry)
        if self._writer.is_full:
            self._finish()

    def _finish(self) -> None:
        if self._writer is not None:
            self._writer.finish()
            save(self._folder, self._manifest)
            self._writer = None

    def _seq(self, message: ConsumerRecord) -> int:
        try:
            seq = int(orjson.loads(message.value)["seq"])
        except (ValueError, KeyError, TypeError) as error:
            raise ArchiveRefused(f"{self._place(message.offset)} is no record of a log") from error
        if seq != self._log.records:
            raise ArchiveRefused(
                f"the log is damaged: record {self._log.records} should stand at {self._place(message.offset)}, "
                f"not {seq}"
            )
        return seq

    async def _require_same_log(self) -> None:
        offset = self._log.offset
        if offset < 0:
            return
        async for lot in read(self._consumer, self._tp, offset, min(offset + 1, await self._end())):
            if hashlib.sha256(lot[0].value).hexdigest() == self._log.value_sha256:
                return
        raise ArchiveRefused(
            f"{self._folder} holds another log: its record {self._log.records - 1} does not stand at "
            f"{self._place(offset)}. Export into an empty folder"
        )

    async def _end(self) -> int:
        return await end_of(self._consumer, self._tp)

    def _place(self, offset: int) -> str:
        return f"{self._tp.topic}[{self._tp.partition}] {offset}"
