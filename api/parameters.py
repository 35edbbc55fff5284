"""Parameters that several routes of reading share."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query
from pydantic import AwareDatetime, BeforeValidator

from api.freshness import fresh
from schemas.access import Right

DATE = re.compile(r"\d{4}-\d\d-\d\d")


def _written(said: object) -> object:
    """A bare number is no date: it would be taken for seconds since 1970."""
    if isinstance(said, str) and not DATE.match(said):
        raise ValueError("must begin with a date: YYYY-MM-DD")
    return said


AnyShop = Annotated[
    int | None, Query(ge=1, lt=2**31, description="one of yours; without it, all of them together")
]
Shop = Annotated[
    int | None, Query(ge=1, lt=2**31, description="may be left out by callers that have exactly one")
]
Id = Annotated[UUID, Path()]
Limit = Annotated[int, Query(ge=1, le=200)]
Cursor = Annotated[str | None, Query(max_length=500, description="of the Link header of the page before")]
Words = Annotated[str, Query(min_length=1, max_length=2000)]
Name = Annotated[str | None, Query(min_length=1, max_length=200)]

Time = Annotated[AwareDatetime | None, BeforeValidator(_written), Query()]
Day = Annotated[date | None, BeforeValidator(_written), Query()]


def reads(right: Right) -> dict[str, Any]:
    """What every route of reading declares of itself."""
    return {"openapi_extra": {"x-right": right}, "dependencies": [Depends(fresh)]}
