"""Every write of one event, from the request to the answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response

from api.accepting import wait_of
from api.callers import shop_of
from api.idempotency import event_id
from api.making import domain_of, made
from api.services import services
from schemas.access import Caller
from schemas.event import EventData, ShopData

Complete = Callable[[int | None, Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""What an event says, of the shop that it is about and of what its sender said."""


async def say(
    request: Request,
    caller: Caller,
    kind: type[EventData],
    data: Mapping[str, Any],
    complete: Complete | None = None,
) -> Response:
    """Appends the event that says these data; `shop_id` among them names the shop.

    `complete` adds what is known here. A request that is sent again is the same whatever is known by then.

    Raises:
        Problem: if it is no such event, is not the caller's to send, or cannot be appended now.
    """
    known = services(request)
    said = dict(data)
    shop = shop_of(caller, said.pop("shop_id", None)) if issubclass(kind, ShopData) else None
    id = event_id(str(caller.reviewer_id), request.headers.get("idempotency-key"))
    wait = wait_of(request.headers.getlist("prefer"))

    async def answer() -> Response:
        whole = said if complete is None else await complete(shop, said)
        event = made(kind, whole, caller, id, known.clock, shop_id=shop)
        return await known.accepting.accept(domain_of(kind), event, wait)

    # The same key for another request, of another kind or with other words, is a mistake of the caller.
    same = orjson.dumps([kind.TYPE, shop, said], option=orjson.OPT_SORT_KEYS)
    return await known.answers.once(id, same, answer)
