"""Parameters that several routes of reading share."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Path, Query

from api.freshness import fresh
from schemas.access import Right

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


def reads(right: Right) -> dict[str, Any]:
    """What every route of reading declares of itself."""
    return {"openapi_extra": {"x-right": right}, "dependencies": [Depends(fresh)]}
