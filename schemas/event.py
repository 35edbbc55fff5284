"""The envelope of every input: a CloudEvent 1.0 in structured mode, with typed data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.fields import Id, Instant, Name, ShopId
from schemas.value import value


class EventData(BaseModel):
    """What one type of event says in its `data`. Unknown fields are ignored; the API refuses them."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    TYPE: ClassVar[str]
    """The CloudEvents type, ending in its version."""


class ShopData(EventData):
    """Data of an event about one shop."""

    actor_id: Name | None = Field(None, description="the person or customer behind it")
    cited_knowledge_ids: list[Id] = Field(
        default_factory=list, max_length=100, description="what the assistant had quoted"
    )

    @property
    def conversation(self) -> UUID | None:
        """The conversation that this is about, if it is about one."""
        return getattr(self, "conversation_id", None)


class PartitionData(EventData):
    """Data of an input that concerns one whole partition and no shop."""

    partition: Annotated[int, Field(ge=0, le=100_000)]


class Attributes(BaseModel):
    """The CloudEvents attributes that relearn reads."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    specversion: Literal["1.0"]
    id: Id
    source: Annotated[str, Field(min_length=1, max_length=2000)]
    type: Annotated[str, Field(min_length=1, max_length=200)]
    time: Instant
    subject: Annotated[str, Field(min_length=1, max_length=2000)] | None = None
    datacontenttype: Annotated[str, Field(pattern=r"^application/([\w.-]+\+)?json(;.*)?$")] | None = None
    shopid: ShopId | None = None


class Envelope(Attributes):
    """The CloudEvents attributes that relearn reads. `data` is validated by its type's own model."""

    data: dict[str, Any]


def version_of(event_type: str) -> tuple[str, int]:
    """A type without its version, and the version: `relearn.tick` and 1 of `relearn.tick.v1`.

    Raises:
        ValueError: if the name ends in no version.
    """
    stem, _, version = event_type.rpartition(".v")
    return stem, int(version)


D = TypeVar("D", bound=EventData, covariant=True)


class Sent(Attributes, Generic[D]):
    """An event of one type as it was sent: attributes and data are validated at once."""

    data: D


@value
class Event(Generic[D]):
    """An input fact. `shop_id` is 0 for what concerns a whole partition.

    Its data is always of the type's newest version. `sent_as` names an older one, if it was sent as such.
    """

    id: UUID
    source: str
    time: datetime
    shop_id: int
    subject: str | None
    data: D
    sent_as: str | None = field(default=None, compare=False)

    @property
    def type(self) -> str:
        """The type that it was sent as."""
        return self.sent_as or self.data.TYPE


def attributes(event: Event[Any]) -> Mapping[str, Any]:
    """The event as a CloudEvents object that `orjson.dumps` can write, in its type's newest version."""
    said: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.id),
        "source": event.source,
        "type": event.data.TYPE,
        "time": event.time.isoformat(),
        "datacontenttype": "application/json",
    }
    if event.subject is not None:
        said["subject"] = event.subject
    if event.shop_id:
        said["shopid"] = event.shop_id
    said["data"] = event.data.model_dump(mode="json", exclude_none=True)
    return said
