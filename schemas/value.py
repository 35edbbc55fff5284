"""Values: dataclasses that nobody changes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T]) -> type[T]:
    """A dataclass with slots, equal and hashed by its fields, for what is made many times for each event.

    That nobody changes it is for the type checker to see: `frozen=True` has it checked at run time instead, and a
    record then takes seven times as long to make.
    """
    return dataclass(slots=True, unsafe_hash=True)(cls)
