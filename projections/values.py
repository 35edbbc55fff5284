"""How parts of any record are written into columns."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from pgvector import Vector as PgVector

from schemas import vector


def as_json(value: Any) -> str:
    """JSON text for a jsonb column."""
    return orjson.dumps(value).decode()


def moment(time: datetime) -> str:
    """An instant as it stands in JSON."""
    return time.astimezone(UTC).isoformat(timespec="microseconds")


def vector_from(text: str | None) -> PgVector | None:
    """The vector in this base64."""
    return None if text is None else PgVector(vector.from_text(text))
