"""Inputs that concern a whole partition: the clock's, the policy's, retention's."""

from __future__ import annotations

from typing import Any, ClassVar

from schemas.event import PartitionData
from schemas.fields import Instant, Name


class PolicyAdopted(PartitionData):
    """A policy, whole, comes into force. The domain's own model validates `policy`."""

    TYPE: ClassVar[str] = "relearn.policy.adopted.v1"

    policy: dict[str, Any]
    embedding_model: Name
    adopted_by: Name | None = None


class RetentionAdvanced(PartitionData):
    """What came before this time is no longer kept."""

    TYPE: ClassVar[str] = "relearn.retention.advanced.v1"

    before: Instant


class Tick(PartitionData):
    """Time has passed; the decision time of this input says how much."""

    TYPE: ClassVar[str] = "relearn.tick.v1"
