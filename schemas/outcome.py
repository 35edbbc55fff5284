"""One thing decided. These outcomes belong to every domain; each domain adds its own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from schemas.control import Place
from schemas.enriched import Coordinates, Embedded
from schemas.fields import Id


class Outcome(BaseModel):
    """One thing decided, about one entity of one shop (0: a whole partition).

    `before` and `after` of the audit are the fields named in `BEFORE` and `AFTER`.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    ENTITY: ClassVar[str] = "input"
    """What kind of thing this is about."""

    FORGETS: ClassVar[bool] = False
    """Whether the state holds less after it than before, for good: what was kept of it is written anew at once."""

    shop_id: int = 0

    @property
    def entity_id(self) -> str | None:
        """The id of what this is about."""
        return None

    @property
    def carried(self) -> Mapping[str, str]:
        """Words of earlier records whose vectors stand in this outcome, by the names of these vectors."""
        return {}

    def with_vectors(self, vectors: Mapping[str, Embedded]) -> Self:
        """The same with other vectors of the words that it carries."""
        del vectors
        return self


class DuplicateIgnored(Outcome):
    """The same event had been decided before."""

    kind: Literal["DuplicateIgnored"] = "DuplicateIgnored"
    event_id: Id


class DeadLettered(Outcome):
    """An input that can never be decided."""

    kind: Literal["DeadLettered"] = "DeadLettered"
    reason: str


class InputMoved(Outcome):
    """The input was put into a foreign partition and stands again at home."""

    kind: Literal["InputMoved"] = "InputMoved"
    home: int


class InputAbsent(Outcome):
    """The broker does not have these offsets of the input."""

    kind: Literal["InputAbsent"] = "InputAbsent"
    topic: str
    first: int
    last: int


class TopicsReconnected(Outcome):
    """The topics around the log were made anew: where inputs go on. Its record has no input."""

    kind: Literal["TopicsReconnected"] = "TopicsReconnected"
    ENTITY: ClassVar[str] = "topics"
    inputs: Mapping[str, int] = Field(description="the next offset of each input topic to decide")
    enriched: int = Field(description="the next offset of the enriched topic to read")
    last_input: Coordinates | None = Field(None, description="which input stands before that offset")


class PolicyAdopted(Outcome):
    """This policy is in force from here on. The one that opens a log also fixes its partitions."""

    kind: Literal["PolicyAdopted"] = "PolicyAdopted"
    ENTITY: ClassVar[str] = "policy"
    policy: Mapping[str, Any]
    policy_hash: str
    embedding_model: str
    partitions: int
    adopted_by: str | None = None


class RetentionAdvanced(Outcome):
    """What came before this time is no longer kept."""

    kind: Literal["RetentionAdvanced"] = "RetentionAdvanced"
    ENTITY: ClassVar[str] = "retention"
    before: datetime


class DeadLetterHandled(Outcome):
    """Somebody did something about a dead letter: the input at this place."""

    ENTITY: ClassVar[str] = "dead letter"
    topic: str
    partition: int
    offset: int
    by: str
    reason: str | None = None


class DeadLetterRetried(DeadLetterHandled):
    """Its bytes, or better ones, were appended again."""

    kind: Literal["DeadLetterRetried"] = "DeadLetterRetried"
    appended: Place


class DeadLetterDiscarded(DeadLetterHandled):
    """Nothing is to come of it."""

    kind: Literal["DeadLetterDiscarded"] = "DeadLetterDiscarded"


class RequestRefused(Outcome):
    """Somebody asked for what cannot be; nothing changes."""

    kind: Literal["RequestRefused"] = "RequestRefused"
    reason: str
    entity: str = Field(description="item, knowledge or policy")
    id: Id | None = None
    state: str | None = None

    @property
    def entity_id(self) -> str | None:
        return None if self.id is None else str(self.id)


GENERAL: tuple[type[Outcome], ...] = (
    DuplicateIgnored,
    DeadLettered,
    InputMoved,
    InputAbsent,
    TopicsReconnected,
    PolicyAdopted,
    RetentionAdvanced,
    DeadLetterRetried,
    DeadLetterDiscarded,
    RequestRefused,
)
