"""What concerns everybody: the policy."""

from __future__ import annotations

from typing import Any, Literal
from uuid import uuid5

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, ValidationError

from api.accepting import wait_of
from api.bounds import object_of
from api.callers import Governor, require_all_shops
from api.declared import body_of, takes
from api.idempotency import event_id
from api.making import SOURCE, bounded
from api.problems import invalid_model
from api.responses import ACCEPTED, DECIDED, each_of, written
from api.services import services
from projections.positions import Positions
from schemas.control import PolicyAdopted
from schemas.event import Event
from schemas.policy import ExecutionsPolicy, LearningPolicy, content
from schemas.topics import DOMAINS

POLICIES: dict[str, type[BaseModel]] = {"learning": LearningPolicy, "executions": ExecutionsPolicy}


class Adoption(BaseModel):
    """A policy for one domain. What it leaves out takes its default."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    domain: Literal["learning", "executions"] = "learning"
    policy: dict[str, Any]


def governing() -> APIRouter:
    """The route of policies."""
    router = APIRouter(tags=["govern"], responses=written(each_of(ACCEPTED), each_of(DECIDED)))
    router.add_api_route(
        "/policy/adopt",
        adopt,
        methods=["POST"],
        status_code=202,
        openapi_extra=takes("govern", body=body_of(Adoption, with_shop=False)),
    )
    return router


async def adopt(request: Request, caller: Governor) -> Response:
    """Let a policy come into force in every partition of its domain."""
    require_all_shops(caller, "policies")
    try:
        wished = Adoption.model_validate_json(orjson.dumps(await object_of(request)))
    except ValidationError as error:
        raise invalid_model(error) from error
    try:
        policy = POLICIES[wished.domain].model_validate_json(orjson.dumps(wished.policy))
    except ValidationError as error:
        raise invalid_model(error, "policy") from error
    known, domain = services(request), DOMAINS[wished.domain]
    model = await Positions(domain.name, domain.log.name).model(known.pools[domain.name])
    id = event_id(str(caller.reviewer_id), request.headers.get("idempotency-key"))
    events = [
        bounded(
            Event(
                uuid5(id, str(number)),
                f"{SOURCE}/{caller.name}",
                known.clock.now(),
                0,
                None,
                PolicyAdopted(
                    partition=number, policy=content(policy), embedding_model=model, adopted_by=caller.name
                ),
            )
        )
        for number in range(known.writing.partitions(domain))
    ]
    wait = wait_of(request.headers.getlist("prefer"))
    same = wished.model_dump_json().encode()
    return await known.answers.once(id, same, lambda: known.accepting.accept_all(domain, events, wait))
