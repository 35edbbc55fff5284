"""How much a decider does at once, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The defaults suit production; tests make some of them smaller."""

    batch_records: int = 1000
    """Messages of one partition decided at once."""
    busy_records: int = 16
    """So many at once say that more are on the way: the loop waits for them before its next batch."""
    busy_seconds: float = 0.05
    """How long it waits. A transaction takes the same time whatever its size: few large ones are faster."""
    transaction_bytes: int = 16 * 1024 * 1024
    """A batch that becomes larger is split, so that each transaction ends in time."""
    transaction_seconds: float = 30.0
    attempts: int = 6
    """Failures of the infrastructure in a row before the process ends."""
    retry_seconds: float = 0.5
    """The wait before the second attempt; then twice as long each time."""
    fenced_seconds: float = 60.0
    """How long a partition that another decider has taken over may stay without a new assignment."""
    snapshot_records: int = 100_000
    """Records after which a snapshot is written."""
    snapshot_seconds: float = 600.0
    """Seconds after which a snapshot is written, if there was any record."""
