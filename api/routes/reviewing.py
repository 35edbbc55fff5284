"""What reviewers decide: of items, of knowledge, and when approved items become knowledge."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID, uuid5

import orjson
from fastapi import APIRouter, Path, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.accepting import wait_of
from api.bounds import object_of
from api.callers import Reviewer, shop_of
from api.declared import NOTHING, body_of, case, only_if, schema_of, takes
from api.idempotency import event_id
from api.making import made
from api.problems import invalid_field, invalid_model
from api.responses import ACCEPTED, DECIDED, WRITTEN, each_of, either, written
from api.routes.saying import say
from api.services import services
from schemas.access import Caller
from schemas.event import EventData
from schemas.fields import Id, Text
from schemas.review import (
    ApplyRequested,
    ItemApproved,
    ItemRejected,
    ItemsAssigned,
    ItemsReleased,
    KnowledgeEdited,
    KnowledgeRetracted,
    KnowledgeRolledBack,
    MergeReverted,
)
from schemas.topics import LEARNING

Place = Annotated[UUID, Path()]

ITEM_VERDICTS: dict[str, type[EventData]] = {"approve": ItemApproved, "reject": ItemRejected}
ITEM_HOLDS: dict[str, type[EventData]] = {"assign": ItemsAssigned, "release": ItemsReleased}
KNOWLEDGE_CHANGES: dict[str, type[EventData]] = {
    "edit": KnowledgeEdited,
    "retract": KnowledgeRetracted,
    "rollback": KnowledgeRolledBack,
}

OWN = ("reviewer_id", "actor_id", "cited_knowledge_ids")
"""Fields of events that a reviewer's body has not: whoever decides is the caller."""


class Bulk(BaseModel):
    """One decision about several items."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    action: Literal["approve", "reject", "assign", "release"]
    item_ids: Annotated[list[Id], Field(min_length=1, max_length=500)]
    note: Text | None = None


BULK = only_if(body_of(Bulk, with_shop=True), case(action={"enum": [*ITEM_VERDICTS]}), case(note=NOTHING))


def reviewing() -> APIRouter:
    """The routes of reviews."""
    router = APIRouter(tags=["review"])
    for name, kind in ITEM_VERDICTS.items():
        _add(router, f"/queue/{{id}}/{name}", kind, "item_id")
    for name, kind in ITEM_HOLDS.items():
        _add(router, f"/queue/{{id}}/{name}", kind, "item_ids")
    for name, kind in KNOWLEDGE_CHANGES.items():
        _add(router, f"/knowledge/{{id}}/{name}", kind, "knowledge_id")
    router.add_api_route(
        "/queue/{id}/sources/{source_id}/revert",
        revert,
        methods=["POST"],
        status_code=202,
        openapi_extra=takes("review", body=schema_of(MergeReverted, without=(*OWN, "item_id", "source_id"))),
        responses=WRITTEN,
    )
    router.add_api_route(
        "/apply",
        apply,
        methods=["POST"],
        status_code=202,
        openapi_extra=takes("review", body=schema_of(ApplyRequested, without=OWN)),
        responses=WRITTEN,
    )
    router.add_api_route(
        "/queue/bulk",
        bulk,
        methods=["POST"],
        status_code=202,
        openapi_extra=takes("review", body=BULK),
        responses=written(either(ACCEPTED, each_of(ACCEPTED)), either(DECIDED, each_of(DECIDED))),
    )
    return router


def _add(router: APIRouter, path: str, kind: type[EventData], named: str) -> None:
    """`named`: the field of the event that takes the path's id."""

    async def review(request: Request, id: Place, caller: Reviewer) -> Response:
        said = own(await object_of(request), caller, (named,))
        return await say(request, caller, kind, said | {named: [str(id)] if named == "item_ids" else str(id)})

    router.add_api_route(
        path,
        review,
        methods=["POST"],
        status_code=202,
        name=kind.__name__,
        summary=(kind.__doc__ or "").partition("\n")[0],
        openapi_extra=takes("review", body=schema_of(kind, without=(*OWN, named))),
        responses=WRITTEN,
    )


def own(said: dict[str, Any], caller: Caller, named: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a reviewer says, in the caller's name.

    Raises:
        Problem: if it says itself what follows from the path or the caller.
    """
    return _not_own(said, named) | {"reviewer_id": str(caller.reviewer_id)}


def _not_own(said: dict[str, Any], named: tuple[str, ...] = ()) -> dict[str, Any]:
    for field in (*OWN, *named):
        if field in said:
            raise invalid_field(field, "follows from the request itself: leave it out")
    return said


async def revert(request: Request, id: Place, source_id: Place, caller: Reviewer) -> Response:
    """Undo a merge: the source leaves the item and gets its own."""
    said = own(await object_of(request), caller, ("item_id", "source_id"))
    return await say(request, caller, MergeReverted, said | {"item_id": str(id), "source_id": str(source_id)})


async def apply(request: Request, caller: Reviewer) -> Response:
    """Let a shop's approved items become knowledge now, oldest first."""
    return await say(request, caller, ApplyRequested, _not_own(await object_of(request)))


async def bulk(request: Request, caller: Reviewer) -> Response:
    """Decide several items alike; the answer tells of each.

    Items that are assigned or released are one event; those that are approved or rejected are one each.
    """
    said = await object_of(request)
    shop = shop_of(caller, said.pop("shop_id", None))
    try:
        wished = Bulk.model_validate_json(orjson.dumps(said))
    except ValidationError as error:
        raise invalid_model(error) from error
    if wished.action in ITEM_HOLDS:
        if wished.note is not None:
            raise invalid_field("note", "belongs to approve and reject")
        data = own({"item_ids": [str(each) for each in wished.item_ids]}, caller)
        return await say(request, caller, ITEM_HOLDS[wished.action], data | {"shop_id": shop})
    known, kind = services(request), ITEM_VERDICTS[wished.action]
    of_request = event_id(str(caller.reviewer_id), request.headers.get("idempotency-key"))
    ids = {each: uuid5(of_request, str(each)) for each in wished.item_ids}
    events = [
        made(kind, _verdict(item, wished.note, caller), caller, id, known.clock, shop_id=shop)
        for item, id in ids.items()
    ]
    wait = wait_of(request.headers.getlist("prefer"))
    return await known.answers.once(
        of_request,
        b"%d %b" % (shop, wished.model_dump_json().encode()),
        lambda: known.accepting.accept_all(LEARNING, events, wait),
    )


def _verdict(item: UUID, note: str | None, caller: Caller) -> dict[str, Any]:
    return {"item_id": str(item), "reviewer_id": str(caller.reviewer_id)} | (
        {} if note is None else {"note": note}
    )
