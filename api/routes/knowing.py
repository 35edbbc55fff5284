"""What is known: searched at answer time, and looked into with its line from what was said to what is live."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from pydantic import TypeAdapter

from api.callers import Looker, Searcher, shop_of
from api.lines import line_of_entity
from api.parameters import Cursor, Id, Limit, Name, Shop, Words, reads
from api.problems import not_found
from api.rendering import found, page, read_cursor
from api.responses import FOUND
from api.services import services
from projections.learning.queries import After
from schemas.standing import KnowledgeStatus
from schemas.topics import LEARNING

BY_TIME: TypeAdapter[tuple[datetime, UUID]] = TypeAdapter(tuple[datetime, UUID])


def knowing() -> APIRouter:
    """The routes of knowledge."""
    router = APIRouter(tags=["search"], responses=FOUND)
    router.add_api_route("/knowledge", listed, **reads("look"))
    router.add_api_route("/knowledge/search", search, **reads("search"))
    router.add_api_route("/knowledge/{id}", piece, **reads("search"))
    router.add_api_route("/conversations/{id}", conversation, **reads("look"))
    return router


async def listed(
    request: Request,
    caller: Looker,
    shop_id: Shop = None,
    status: KnowledgeStatus | None = "live",
    category: Name = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List a shop's knowledge, oldest first."""
    shop = shop_of(caller, shop_id)
    after = None if cursor is None else After(*read_cursor(cursor, BY_TIME))
    ask = services(request).learning.for_shops(caller.shops)
    rows = await ask.knowledge(shop, status=status, category=category, after=after, limit=limit)
    return page(request, rows, limit, ("created_at", "id"))


async def search(
    request: Request,
    caller: Searcher,
    q: Words,
    shop_id: Shop = None,
    limit: Annotated[int, Query(ge=1, le=50)] = 5,
) -> Response:
    """Find what answers a question, best first: by question, by answer and by words, fused by reciprocal rank.

    Each hit tells its rank and cosine by question and by answer, its rank and share by words, and the fused score.
    `by_meaning` is false where no embedding model is at hand: then only words count.
    """
    shop, known = shop_of(caller, shop_id), services(request)
    ask = known.learning.for_shops(caller.shops)
    vector = await known.questions.vector(await ask.model(), q)
    rows = await ask.explained(shop, q, vector, limit)
    return found({"by_meaning": vector is not None, "items": rows})


async def piece(request: Request, id: Id, caller: Searcher, shop_id: Shop = None) -> Response:
    """One piece of knowledge: its versions, its history, and its line from event to knowledge."""
    shop, known = shop_of(caller, shop_id), services(request)
    one = await known.learning.for_shops(caller.shops).knowledge_item(shop, id)
    if one is None:
        raise not_found(f"shop {shop} has no knowledge {id}")
    line = await line_of_entity(known, caller, LEARNING.name, str(id)) if caller.may("look") else None
    return found({**asdict(one), "line": line})


async def conversation(request: Request, id: Id, caller: Looker, shop_id: Shop = None) -> Response:
    """One conversation, what was said about it, and the items that came of it."""
    shop = shop_of(caller, shop_id)
    one = await services(request).history.for_shops(caller.shops).conversation(shop, id)
    if one is None:
        raise not_found(f"shop {shop} has no conversation {id}")
    return found(asdict(one))
