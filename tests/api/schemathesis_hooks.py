"""What schemathesis is told beside the document: what only a caller can know who has been answered before.

It is run in a process of its own, by the name of this file.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

import schemathesis

from api.idempotency import LONGEST
from api.rendering import LONGEST_CURSOR

KEY, AUTHORIZATION = "Idempotency-Key", "Authorization"


@schemathesis.hook
def before_call(context: schemathesis.HookContext, case: schemathesis.Case, kwargs: dict[str, Any]) -> None:
    """Every request has a key of its own, and none a cursor that no answer gave it; those that are none stay."""
    key = (case.headers or {}).get(KEY)
    if isinstance(key, str) and key.isascii() and key.isprintable() and 0 < len(key) <= LONGEST:
        case.headers[KEY] = str(uuid4())
    cursor = (case.query or {}).get("cursor")
    if isinstance(cursor, str) and len(cursor) <= LONGEST_CURSOR:
        del case.query["cursor"]
    case.body = _written(case.body)
    if case.meta is not None and getattr(case.meta.phase.data, "parameter", None) == AUTHORIZATION:
        # What is asked without a key has none, although every request is given one.
        case.headers.pop(AUTHORIZATION, None)


def _written(said: Any) -> Any:
    """Whole numbers without a point: to JSON Schema 7.0 is an integer, and here it is none."""
    match said:
        case dict():
            return {name: _written(each) for name, each in said.items()}
        case list():
            return [_written(each) for each in said]
        case float() if said.is_integer():
            return int(said)
    return said


@schemathesis.serializer("application/x-ndjson")
def lines(context: schemathesis.SerializationContext, value: Any) -> bytes:
    """One entry is one line."""
    return json.dumps(value).encode() + b"\n"
