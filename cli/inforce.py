"""Which policy is in force in each partition, as its log says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from cli.failure import Failed
from cli.tail import first_from, last_of
from runtime.reading import decode, reader, tps_of
from runtime.settings import Settings
from schemas.documents import OUTCOMES_OF
from schemas.outcome import PolicyAdopted
from schemas.record import Record, RecordCodec
from schemas.topics import LEARNING, DomainTopics


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy of one partition. `model` is the embedding model that its log is fixed to."""

    partition: int
    hash: str
    policy: Mapping[str, Any]
    model: str

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return asdict(self)


async def policies_in_force(settings: Settings, domain: DomainTopics = LEARNING) -> list[InForce]:
    """The policy of every partition in which anything has been decided."""
    tps = await tps_of(settings, domain.log)
    async with reader(settings, *tps) as consumer:
        codec = RecordCodec(domain.types, OUTCOMES_OF[domain.name])
        found = [await _in_partition(consumer, tp, codec) for tp in tps]
    return [each for each in found if each is not None]


async def _in_partition(consumer: AIOKafkaConsumer, tp: TopicPartition, codec: RecordCodec) -> InForce | None:
    if (last := await last_of(consumer, tp)) is None:
        return None
    adopted = await Search(consumer, tp, codec).adoption(last)
    return InForce(tp.partition, adopted.policy_hash, adopted.policy, adopted.embedding_model)


class Search:
    """Finds the record that adopted a policy, in a number of looks that grows with the logarithm of the log.

    Every record names the policy that it was decided by, so the adoption stands where the name changes. A name is
    the hash of the content: whichever adoption of it is found, the content is the same.
    """

    def __init__(self, consumer: AIOKafkaConsumer, tp: TopicPartition, codec: RecordCodec) -> None:
        self._consumer = consumer
        self._tp = tp
        self._codec = codec

    async def adoption(self, last: ConsumerRecord) -> PolicyAdopted:
        """The outcome that brought the policy in force after the last record.

        Raises:
            Failed: if the log has none, which no decider writes.
        """
        record = decode(self._codec, last)
        if (adopted := _adopted(record)) is not None:
            return adopted
        low_at, low = await self._from(0, last.offset + 1)
        if low.policy != record.policy:
            # The record at `low_at` was decided by another policy, the first one from `high` on by this one.
            high = last.offset
            while high - low_at > 1:
                at, found = await self._from((low_at + high) // 2, last.offset + 1)
                if found.policy == record.policy:
                    high = (low_at + high) // 2
                else:
                    low_at, low = at, found
        adopted = _adopted(low)
        if adopted is None or adopted.policy_hash != record.policy:
            raise Failed(
                f"{last.topic}[{last.partition}] names policy {record.policy}, which it never adopted"
            )
        return adopted

    async def _from(self, offset: int, end: int) -> tuple[int, Record]:
        found = await first_from(self._consumer, self._tp, offset, end)
        assert found is not None, "the last record is before the end"
        return found.offset, decode(self._codec, found)


def _adopted(record: Record) -> PolicyAdopted | None:
    return next((o for o in reversed(record.outcomes) if isinstance(o, PolicyAdopted)), None)
