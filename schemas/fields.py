"""Field types that every event shares: bounded texts, metadata, instants and ids."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import orjson
from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

MAX_TEXT = 32_000
"""Characters in one text field."""

MAX_METADATA = 16 * 1024
"""Bytes of one metadata object written as JSON."""


def _as_written(value: object) -> object:
    if not isinstance(value, str | datetime | UUID):
        raise ValueError("must be a string")
    return value


def _small(value: dict[str, Any]) -> dict[str, Any]:
    try:
        size = len(orjson.dumps(value))
    except orjson.JSONEncodeError as error:
        raise ValueError(f"cannot be written as JSON: {error}") from error
    if size > MAX_METADATA:
        raise ValueError(f"is {size} bytes as JSON, more than {MAX_METADATA}")
    return value


Text = Annotated[str, Field(max_length=MAX_TEXT)]
"""Words of a person or an assistant, at most 32,000 characters, no NUL (the codec refuses it everywhere)."""

FilledText = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]

MAX_NAME = 200
"""Characters."""

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
"""A short label: a category, a channel, an actor."""

Label = Annotated[str, Field(min_length=1, max_length=50)]
"""A label in a VARCHAR(50) column."""

Metadata = Annotated[dict[str, Any], AfterValidator(_small)]
"""Free JSON, at most 16 KiB as JSON."""

Instant = Annotated[AwareDatetime, BeforeValidator(_as_written), Field(strict=False)]
"""A point in time with its offset from UTC, RFC 3339."""

Id = Annotated[UUID, BeforeValidator(_as_written), Field(strict=False)]

ShopId = Annotated[int, Field(ge=1, le=2**31 - 1)]
"""The tenant; 0 is reserved for what concerns a whole partition."""

Score = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
