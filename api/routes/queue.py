"""What might become knowledge: the queue, page by page, and one item with all that belongs to it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import TypeAdapter

from api.callers import Looker, require_shop, shop_of
from api.parameters import AnyShop, Cursor, Id, Limit, Name, Shop, reads
from api.problems import not_found
from api.rendering import found, page, read_cursor
from api.responses import FOUND
from api.services import services
from projections.learning.queries import After, ItemOrder, Wanted
from schemas.standing import ItemStatus, SourceType

Sort = Literal[
    "created_at", "-created_at", "updated_at", "-updated_at", "confidence_score", "-confidence_score"
]
Percent = Annotated[int | None, Query(ge=0, le=100)]
Holder = Annotated[
    UUID | Literal["me", "nobody", "anybody"] | None,
    Query(description="who has taken it: a reviewer's id or a word"),
]

BY_TIME: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[datetime, UUID])
BY_NUMBER: TypeAdapter[tuple[int, UUID]] = TypeAdapter(tuple[int, UUID])


def queue() -> APIRouter:
    """The routes of the queue."""
    router = APIRouter(tags=["look"], responses=FOUND)
    router.add_api_route("/queue", items, **reads("look"))
    router.add_api_route("/feedback/pending", pending, **reads("look"))
    router.add_api_route("/queue/{id}", item, **reads("look"))
    return router


async def items(
    request: Request,
    caller: Looker,
    shop_id: AnyShop = None,
    status: ItemStatus | None = None,
    source_type: SourceType | None = None,
    category: Name = None,
    min_confidence: Percent = None,
    max_confidence: Percent = None,
    assigned: Holder = None,
    text: Name = None,
    sort: Sort = "created_at",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List items. `text`: words or parts of words that all stand in the question or in what is proposed."""
    if shop_id is not None:
        require_shop(caller, shop_id)
    order = cast(ItemOrder, sort.removeprefix("-"))
    after = None
    if cursor is not None:
        after = After(*read_cursor(cursor, BY_NUMBER if order == "confidence_score" else BY_TIME))
    wanted = Wanted(
        status=status,
        source_type=source_type,
        category=category,
        min_confidence=min_confidence,
        max_confidence=max_confidence,
        assigned_to=caller.reviewer_id
        if assigned == "me"
        else assigned
        if isinstance(assigned, UUID)
        else None,
        is_assigned={"nobody": False, "anybody": True}.get(str(assigned)),
        text=text,
    )
    rows = (
        await services(request)
        .learning.for_shops(caller.shops)
        .queue(shop_id, wanted, order=order, descending=sort.startswith("-"), after=after, limit=limit)
    )
    return page(request, rows, limit, (order, "id"))


async def pending(
    request: Request,
    caller: Looker,
    shop_id: AnyShop = None,
    source_type: SourceType | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List items that wait for a reviewer, oldest first."""
    return await items(
        request, caller, shop_id, status="pending", source_type=source_type, limit=limit, cursor=cursor
    )


async def item(request: Request, id: Id, caller: Looker, shop_id: Shop = None) -> Response:
    """One item: its sources, neighbours, history, and what it is in conflict with, side by side."""
    shop, ask = shop_of(caller, shop_id), services(request).learning.for_shops(caller.shops)
    one = await ask.item(shop, id)
    if one is None:
        raise not_found(f"shop {shop} has no item {id}")
    target = one.row["metadata"].get("target")
    known = await ask.knowledge_item(shop, UUID(target)) if target else None
    return found({**asdict(one), "target": known and known.row})
