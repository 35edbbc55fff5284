"""A log out of files, into a topic in which nothing has been decided yet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from runtime.fault import Faults
from runtime.reading import end_of, partitions_of, read, reader
from runtime.settings import Settings
from streams.archive import ArchivePartition, ArchiveRefused, Entry, Manifest, check, entries, link, load
from streams.domain import Domain
from streams.exporting import Progress
from streams.groups import busy
from streams.limits import Limits
from streams.log import check_log
from streams.telling import group_of
from streams.writer import Fenced, LogWriter, Outbox, TransactionFailed


async def import_log(
    settings: Settings,
    domain: Domain[Any],
    folder: Path,
    progress: Progress = lambda count: None,
    limits: Limits | None = None,
) -> Manifest:
    """Writes every record of an archive to the domain's empty log, and reads all of it again to compare.

    Raises:
        ArchiveRefused: if the archive is damaged or not for this log, or the log is not empty.
        LogRefused: if the log's topic is not kept as a log must be.
    """
    manifest = load(folder)
    if manifest is None:
        raise ArchiveRefused(f"there is no exported log in {folder}")
    await _require_fit(settings, domain, manifest)
    check(folder, manifest)
    name = settings.topic(manifest.topic)
    tps = [TopicPartition(name, log.partition) for log in manifest.logs]
    async with reader(settings, *tps) as consumer:
        for tp in tps:
            await _require_empty(consumer, tp)
        for log in manifest.logs:
            await _Import(settings, manifest, log, limits or Limits()).run(folder, progress)
        for tp, log in zip(tps, manifest.logs, strict=True):
            await _compare(consumer, tp, log)
    return manifest


async def _require_fit(settings: Settings, domain: Domain[Any], manifest: Manifest) -> None:
    topics = domain.topics
    if manifest.domain != topics.name:
        raise ArchiveRefused(f"this is a log of {manifest.domain}, not of {topics.name}")
    if manifest.embedding_model != settings.embedding_model:
        raise ArchiveRefused(
            f"this log compares vectors of {manifest.embedding_model}: "
            f"set RELEARN_EMBEDDING_MODEL to it, for all parts"
        )
    await check_log(settings, topics.log)
    if (found := await partitions_of(settings, topics.log)) != manifest.partitions:
        raise ArchiveRefused(
            f"this log has {manifest.partitions} partitions, the topic {settings.topic(topics.log.name)} "
            f"has {found}: create all topics with RELEARN_PARTITIONS={manifest.partitions}"
        )
    group = group_of(settings, topics)
    if state := await busy(settings, group):
        raise ArchiveRefused(f"the group {group} is {state}: stop the deciders first")


async def _require_empty(consumer: AIOKafkaConsumer, tp: TopicPartition) -> None:
    async for _ in read(consumer, tp, 0, await end_of(consumer, tp)):
        raise ArchiveRefused(
            f"{tp.topic}[{tp.partition}] is not empty: a log is imported only where nothing has been decided. "
            f"Delete the topic, create it with `relearn topics create` and begin again"
        )


class _Import:
    """Of one partition."""

    def __init__(self, settings: Settings, manifest: Manifest, log: ArchivePartition, limits: Limits) -> None:
        self._topic, self._log, self._limits = manifest.topic, log, limits
        self._writer = LogWriter(settings, manifest.domain, log.partition, limits, Faults())

    async def run(self, folder: Path, progress: Progress) -> None:
        """Writes all records, in transactions as large as a decider's."""
        try:
            await self._writer.start()
            lot: list[Entry] = []
            size = 0
            for entry in entries(folder, self._log):
                lot.append(entry)
                size += len(entry.value)
                if len(lot) >= self._limits.batch_records or size >= self._limits.transaction_bytes:
                    await self._write(lot)
                    progress(len(lot))
                    lot, size = [], 0
            await self._write(lot)
            progress(len(lot))
            # A commit returns before its marker stands in the log; a new writer begins only after that.
            await self._writer.close()
            await self._writer.start()
        except (Fenced, TransactionFailed) as error:
            raise ArchiveRefused(
                f"the import ended early, in partition {self._log.partition}: {error}. "
                f"Delete the log's topic, create it and begin again"
            ) from error
        finally:
            await self._writer.close()

    async def _write(self, lot: list[Entry]) -> None:
        outbox = Outbox()
        for entry in lot:
            outbox.add(self._topic, entry.key, entry.value)
        if lot:
            await self._writer.write(outbox, self._topic)


async def _compare(consumer: AIOKafkaConsumer, tp: TopicPartition, log: ArchivePartition) -> None:
    found = ArchivePartition(partition=log.partition)
    async for lot in read(consumer, tp, 0, await end_of(consumer, tp)):
        for message in lot:
            entry = Entry(found.records, message.offset, message.timestamp, message.key, message.value)
            found.chain, found.records = link(found.chain, entry), found.records + 1
    if (found.chain, found.records) != (log.chain, log.records):
        raise ArchiveRefused(
            f"{tp.topic}[{tp.partition}] holds {found.records} records after the import, of {log.records}, or others "
            f"than the archive's: somebody else has written there. Delete the topic, create it and begin again"
        )
