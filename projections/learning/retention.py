"""What is no longer kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from projections.change import Change, Statement
from projections.learning import keys
from projections.projection import Logged
from schemas.outcome import RetentionAdvanced


class RetentionRow(NamedTuple):
    partition: int
    before: datetime


FORGET = tuple(
    Statement(name, RetentionRow)
    for name in ("forget_conversations", "forget_feedback", "forget_responses", "forget_calls")
)


def advanced(log: Logged, outcome: RetentionAdvanced) -> Iterator[Change]:
    """The shops of this partition lose the words, feedback, analytics and calls from before that time."""
    for statement in FORGET:
        yield Change(statement, RetentionRow(log.partition, outcome.before), (keys.kept(log.partition),))
