"""What the models of all events have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict
from pydantic_core import to_json

MAX_FREE_OBJECT = 16 * 1024
"""Bytes of one free object written as JSON."""


def _small(value: dict[str, Any]) -> dict[str, Any]:
    if (size := len(to_json(value))) > MAX_FREE_OBJECT:
        raise ValueError(f"is {size} bytes as JSON, more than {MAX_FREE_OBJECT}")
    return value


FreeObject = Annotated[dict[str, Any], AfterValidator(_small)]
"""Any JSON object, at most 16 KiB as JSON."""


class Part(BaseModel):
    """A part of an event. Unknown fields are refused; errors do not quote what they were given."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        ser_json_inf_nan="constants",  # so that one within a free object is refused, not changed into null
        hide_input_in_errors=True,
    )


class EventData(Part):
    """What one type of event says in its `data`."""

    TYPE: ClassVar[str]
    """The CloudEvents type, ending in its version."""

    TOPIC: ClassVar[str]
    """The topic in which it belongs, without a prefix."""


class ShopData(EventData):
    """Data of an event about one shop."""


class TaskData(EventData):
    """Data of an event about one task."""

    task_id: str


E = TypeVar("E", bound=EventData)


def model_of(kind: type[E], given: E | None, fields: Mapping[str, Any]) -> E:
    """The event as it was given, or made from its fields.

    Raises:
        TypeError: if it is of another kind, or given together with fields.
        pydantic.ValidationError: if the fields are not those of the event.
    """
    if given is None:
        return kind(**fields)
    if fields:
        raise TypeError(f"either a {kind.__name__} or its fields, not both")
    if not isinstance(given, kind):
        raise TypeError(f"a {type(given).__name__} is no {kind.__name__}")
    return given
