"""What happened and how it went: audit, lines, metrics, executions."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from pydantic import TypeAdapter

from api.callers import Looker, Searcher, require_all_shops, require_shop
from api.lines import line_of_entity, line_of_record
from api.parameters import AnyShop, Cursor, Day, Limit, Name, Time, Words, reads
from api.problems import not_found, unavailable
from api.rendering import found, page, read_cursor
from api.responses import FOUND
from api.services import services
from projections.learning.history import AfterEntry, Entries
from schemas.access import Caller
from schemas.topics import EXECUTIONS

Label = Annotated[str, Query(min_length=1, max_length=200)]

PLACE = re.compile(r"(\d{1,6}):(\d{1,18})")
AFTER: TypeAdapter[tuple[datetime, int, UUID]] = TypeAdapter(tuple[datetime, int, UUID])

TREND_DAYS = 90


def looking() -> APIRouter:
    """The routes of those who look back."""
    router = APIRouter(tags=["look"], responses=FOUND)
    router.add_api_route("/audit", audit, **reads("look"))
    router.add_api_route("/why/{id}", why, **reads("look"))
    router.add_api_route("/metrics/learning", learning, **reads("look"))
    router.add_api_route("/metrics/responses", responses, **reads("look"))
    router.add_api_route("/executions/recent", recent, **reads("look"))
    router.add_api_route("/executions/similar", similar, **reads("search"))
    router.add_api_route("/executions/best", best, **reads("search"))
    router.add_api_route("/executions/trend", trend, **reads("look"))
    router.add_api_route("/executions/calibration", calibration, **reads("look"))
    return router


async def audit(
    request: Request,
    caller: Looker,
    shop_id: AnyShop = None,
    entity_id: UUID | None = None,
    actor: Name = None,
    action: Name = None,
    from_time: Time = None,
    to_time: Time = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """List what was decided, latest first, each with the record of the log that says so."""
    _check_shop(caller, shop_id)
    after = None if cursor is None else AfterEntry(*read_cursor(cursor, AFTER))
    wanted = Entries(entity_id, actor, action, from_time, to_time)
    ask = services(request).history.for_shops(caller.shops)
    rows = await ask.audit(shop_id, wanted, after=after, limit=limit)
    return page(request, rows, limit, ("at", "log_offset", "id"))


async def why(
    request: Request,
    id: Annotated[str, Path(min_length=1, max_length=200, description="of an entity, or PARTITION:OFFSET")],
    caller: Looker,
    domain: Annotated[str, Query(pattern="^(learning|executions)$")] = "learning",
) -> Response:
    """Tell where something comes from: every event, outcome, neighbour and reviewer, up to what is live now."""
    known = services(request)
    if (place := PLACE.fullmatch(id)) is not None:
        told = await line_of_record(known, caller, domain, int(place[1]), int(place[2]))
    else:
        told = await line_of_entity(known, caller, domain, id)
    if told is None:
        raise not_found(f"nothing was decided about {id}")
    return found(told)


async def learning(
    request: Request,
    caller: Looker,
    shop_id: AnyShop = None,
    source_type: Name = None,
    first_day: Day = None,
    last_day: Day = None,
) -> Response:
    """How many items began, by day, source and state; refreshed nightly."""
    _check_shop(caller, shop_id)
    ask = services(request).metrics.for_shops(caller.shops)
    return found({"items": await ask.learning(shop_id, source_type, first_day, last_day)})


async def responses(
    request: Request,
    caller: Looker,
    shop_id: AnyShop = None,
    response_type: Name = None,
    first_day: Day = None,
    last_day: Day = None,
) -> Response:
    """How answers fared, by day and type; refreshed hourly. Times in milliseconds, conversion from 0 to 1."""
    _check_shop(caller, shop_id)
    ask = services(request).metrics.for_shops(caller.shops)
    return found({"items": await ask.responses(shop_id, response_type, first_day, last_day)})


async def recent(
    request: Request, caller: Looker, repo: Name = None, task_type: Name = None, limit: Limit = 50
) -> Response:
    """List the latest executions."""
    require_all_shops(caller, "tasks")
    ask = services(request).executions.for_shops(caller.shops)
    return found({"items": await ask.recent(repo, task_type, limit)})


async def similar(
    request: Request, caller: Searcher, q: Words, task_type: Name = None, limit: Limit = 10
) -> Response:
    """Find past executions whose type and description mean nearly the same."""
    require_all_shops(caller, "tasks")
    known = services(request)
    ask = known.executions.for_shops(caller.shops)
    vector = await known.questions.vector(await ask.model(), f"{task_type}: {q}" if task_type else q)
    if vector is None:
        raise unavailable(f"no embedding model of {EXECUTIONS.name} is at hand here")
    return found({"items": await ask.similar(vector, limit)})


async def best(request: Request, caller: Searcher, repo: Label, task_type: Label) -> Response:
    """The tiers that ended such tasks of a repo, best first, each with its evidence."""
    require_all_shops(caller, "tasks")
    ask = services(request).executions.for_shops(caller.shops)
    return found({"items": await ask.best(repo, task_type)})


async def trend(
    request: Request,
    caller: Looker,
    repo: Label,
    days: Annotated[int, Query(ge=1, le=TREND_DAYS)] = TREND_DAYS,
) -> Response:
    """How a repo's tasks went, day by day."""
    require_all_shops(caller, "tasks")
    known = services(request)
    since = known.clock.now() - timedelta(days=days)
    return found({"items": await known.executions.for_shops(caller.shops).trend(repo, since)})


async def calibration(request: Request, caller: Looker) -> Response:
    """How right routers were about success and cost, by tier."""
    require_all_shops(caller, "tasks")
    return found({"items": await services(request).executions.for_shops(caller.shops).calibration()})


def _check_shop(caller: Caller, shop_id: int | None) -> None:
    if shop_id is not None:
        require_shop(caller, shop_id)
