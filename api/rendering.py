"""What was read, as JSON; and lists page by page, with opaque cursors."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
from fastapi import Request
from fastapi.responses import Response
from pydantic import TypeAdapter, ValidationError

from api.problems import invalid_field

JSON = "application/json"
LONGEST_CURSOR = 500


def found(told: Any, headers: Mapping[str, str] | None = None) -> Response:
    """200 with this."""
    return Response(orjson.dumps(told, default=plain), 200, dict(headers or {}), JSON)


def page(request: Request, rows: Sequence[Mapping[str, Any]], limit: int, last: Sequence[str]) -> Response:
    """A page of rows. A full one has a Link header to the next: after the last row's values of these columns."""
    told = {"items": rows}
    if len(rows) < limit:
        return found(told)
    after = cursor_of([rows[-1][name] for name in last])
    url = request.url.include_query_params(cursor=after)
    # Relative: who serves this from where is not for a request's own headers to say.
    return found(told, {"Link": f'<{url.path}?{url.query}>; rel="next"'})


def cursor_of(values: Sequence[Any]) -> str:
    """Where a page ends."""
    return urlsafe_b64encode(orjson.dumps(values, default=plain)).rstrip(b"=").decode()


def read_cursor(cursor: str, kind: TypeAdapter[Any]) -> Any:
    """What stands in a cursor.

    Raises:
        Problem: if it is none of such a page.
    """
    try:
        if len(cursor) > LONGEST_CURSOR:
            raise ValueError("too long")
        return kind.validate_json(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, ValidationError):
        raise invalid_field(
            "cursor", "is none of this list in this order: take it from a Link header"
        ) from None


def plain(value: object) -> Any:
    """What orjson does not know by itself."""
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be told")
