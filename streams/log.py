"""Reading a decision log: its first record, its end, its fold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from runtime import kafka
from runtime.reading import decode, end_of, read
from runtime.settings import Settings
from schemas.failures import UnreadableRecord
from schemas.record import Record, RecordCodec
from schemas.topics import Topic
from streams.partition import Machine, PartitionRefused, PartitionState

S = TypeVar("S")

KEPT_FOR_EVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


class LogRefused(Exception):
    """The topic of a log is not kept as a log must be; the sentence says what to change."""


class LogDamaged(PartitionRefused):
    """A log that cannot be folded: a record is missing, or cannot be read."""


@dataclass(slots=True)
class Folded(Generic[S]):
    """A state, and the last record of the log that is in it: where it stands, and its bytes."""

    state: PartitionState[S]
    offset: int | None = None
    value: bytes = b""


async def check_log(settings: Settings, log: Topic) -> None:
    """Makes sure that nothing of a log is ever deleted.

    Raises:
        LogRefused: if the topic is missing, or its settings would lose records.
    """
    name = settings.topic(log.name)
    found = (await kafka.topic_configs(settings, [log])).get(log.name)
    if found is None:
        raise LogRefused(f"the log's topic {name} does not exist: run `relearn topics create`")
    for key, value in KEPT_FOR_EVER.items():
        if found.get(key) != value:
            raise LogRefused(
                f"the log's topic {name} has {key}={found.get(key)}: a log is kept for ever, "
                f"so set it to {key}={value}"
            )


async def first_record(consumer: AIOKafkaConsumer, tp: TopicPartition, codec: RecordCodec) -> Record | None:
    """The record that opened this partition of a log; None if nothing has been decided yet."""
    async for lot in read(consumer, tp, 0, await end_of(consumer, tp)):
        return decode(codec, lot[0])
    return None


class LogReader(Generic[S]):
    """Folds one partition of a log."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        tp: TopicPartition,
        codec: RecordCodec,
        machine: Machine[S],
        on_progress: Callable[[int], Any],
    ) -> None:
        """`on_progress` is told how many records were folded, after each lot."""
        self._consumer, self._tp = consumer, tp
        self._codec, self._machine = codec, machine
        self._on_progress = on_progress

    async def catch_up(self, folded: Folded[S]) -> bool:
        """Folds on to the end of the log as it is now.

        False if this log does not hold the last record that is in the state: then it is the state of another
        log, and has not been changed.

        Raises:
            LogDamaged: if a record is missing or cannot be read.
        """
        end = await end_of(self._consumer, self._tp)
        known = folded.offset is None
        async for lot in read(self._consumer, self._tp, folded.offset or 0, end):
            if known:
                self._fold(folded, lot)
            elif lot[0].offset == folded.offset and lot[0].value == folded.value:
                known = True
                self._fold(folded, lot[1:])
            else:
                return False
        return known

    def _fold(self, folded: Folded[S], lot: Sequence[ConsumerRecord]) -> None:
        state = folded.state
        for message in lot:
            try:
                record = decode(self._codec, message)
            except UnreadableRecord as error:
                raise LogDamaged(f"the log cannot be read: {error}") from error
            if record.seq != state.seq:
                where = f"{message.topic}[{message.partition}] {message.offset}"
                raise LogDamaged(
                    f"the log is damaged: record {state.seq} should stand at {where}, not {record.seq}"
                )
            self._machine.fold(state, record)
        if lot:
            folded.offset, folded.value = lot[-1].offset, lot[-1].value
        self._on_progress(len(lot))
