"""Inputs that concern a whole partition: the clock's, the policy's, retention's, and what became of dead letters."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from schemas.event import PartitionData
from schemas.fields import Instant, Name, Text


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


Offset = Annotated[int, Field(ge=0)]


class Place(BaseModel):
    """Where an input stands."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    topic: Name
    partition: Offset
    offset: Offset

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}/{self.offset}"


class DeadLetterData(PartitionData):
    """What somebody did about a dead letter: the input of this partition at this offset of this topic."""

    topic: Name
    offset: Offset
    by: Name
    reason: Text | None = None


class DeadLetterRetried(DeadLetterData):
    """Its bytes, or better ones, were appended again."""

    TYPE: ClassVar[str] = "relearn.dead-letter.retried.v1"

    appended: Place = Field(description="where they stand now")


class DeadLetterDiscarded(DeadLetterData):
    """Nothing is to come of it. Its bytes stay where they are."""

    TYPE: ClassVar[str] = "relearn.dead-letter.discarded.v1"
