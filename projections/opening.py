"""What a log says of itself in its first record, held against the topic and the tables."""

from __future__ import annotations

from dataclasses import dataclass

from projections.failures import LogRefused
from schemas.outcome import PolicyAdopted
from schemas.record import RecordCodec


@dataclass(frozen=True, slots=True)
class Opening:
    """What the first record of every partition must say. `partitions`: how many the topic has."""

    projection: str
    topic: str
    codec: RecordCodec
    partitions: int
    model: str | None
    """The embedding model that the tables were made for."""

    def check(self, partition: int, first: bytes) -> None:
        """Raises LogRefused unless this first record belongs to such a topic and to such tables."""
        adopted = self._adopted(partition, first)
        where = f"{self.topic}[{partition}]"
        if adopted.partitions != self.partitions:
            raise LogRefused(
                f"{where} was opened for {adopted.partitions} partitions, but the topic has {self.partitions}: "
                "their number changes only by a new generation"
            )
        if adopted.embedding_model != self.model:
            raise LogRefused(
                f"{where} holds vectors of {adopted.embedding_model}, but the tables were made for {self.model}: "
                "migrate a schema for the log's model and rebuild into it"
            )

    def _adopted(self, partition: int, first: bytes) -> PolicyAdopted:
        try:
            record = self.codec.decode(first)
        except ValueError as error:
            raise LogRefused(f"{self.topic}[{partition}] does not open with a record: {error}") from error
        if record.seq:
            raise LogRefused(f"{self.topic}[{partition}] opens with record {record.seq}, not with record 0")
        if not record.outcomes or not isinstance(record.outcomes[0], PolicyAdopted):
            raise LogRefused(f"{self.topic}[{partition}] does not open with a policy")
        return record.outcomes[0]
