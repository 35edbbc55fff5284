"""Events of what callers send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, NoReturn
from uuid import UUID

from api.callers import require, require_all_shops, require_shop
from api.problems import Fault, Problem, invalid_event, invalid_field, too_large
from runtime.clock import Clock
from schemas.access import Caller, Right
from schemas.codec import encode, event_from
from schemas.event import Event, EventData, ShopData
from schemas.failures import InvalidEvent
from schemas.knowledge import KnowledgeImported
from schemas.review import SubjectErased
from schemas.task import TaskData
from schemas.topics import DOMAINS, LEARNING, MAX_INPUT_BYTES, DomainTopics

SOURCE = "relearn/api"


def domain_of(kind: type[EventData]) -> DomainTopics:
    """The domain in which events of this type belong; those that all domains have, in learning."""
    return next(each for each in DOMAINS.values() if each.input_of(kind.TYPE) is not None)


def right_to(kind: type[EventData]) -> Right | None:
    """What it takes to send an event of this type; None where nobody may through the API."""
    domain = domain_of(kind)
    topic = domain.input_of(kind.TYPE)
    if topic is not None and topic.name != domain.control:
        return "import" if kind is KnowledgeImported else "report"
    if issubclass(kind, SubjectErased):
        return "govern"
    return "review" if issubclass(kind, ShopData) and domain is LEARNING else None


def made(
    kind: type[EventData],
    data: Mapping[str, Any],
    caller: Caller,
    id: UUID,
    clock: Clock,
    *,
    shop_id: int | None = None,
) -> Event[Any]:
    """The event that says these data in the caller's name, now.

    Raises:
        Problem: naming the field that is wrong.
    """
    said: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(id),
        "source": f"{SOURCE}/{caller.name}",
        "type": kind.TYPE,
        "time": clock.now().isoformat(),
        "data": dict(data),
    }
    if issubclass(kind, TaskData):
        said["subject"] = data.get("task_id")
    elif shop_id is not None:
        said["shopid"] = shop_id
    try:
        event = event_from(said, {kind.TYPE: kind}, strict=True)
    except InvalidEvent as error:
        raise _of_data(error) from error
    return checked(event, caller)


def checked(event: Event[Any], caller: Caller) -> Event[Any]:
    """The event, which this caller may send.

    Raises:
        Problem: 403 if they may not.
    """
    data = event.data
    right = right_to(type(data))
    if right is None:
        raise Problem(HTTPStatus.FORBIDDEN, f"{event.type} is for operators: the command line has it")
    require(caller, right)
    if isinstance(data, TaskData):
        require_all_shops(caller, "tasks")
    else:
        require_shop(caller, event.shop_id)
    _check_name(data, caller)
    return bounded(_in_own_name(event, caller))


def bounded(event: Event[Any]) -> Event[Any]:
    """The event, which is no larger than one may be: what a caller sends is, but less than all that it becomes.

    Raises:
        Problem: 413 if it is.
    """
    if len(encode(event)) > MAX_INPUT_BYTES:
        raise too_large(MAX_INPUT_BYTES)
    return event


def _check_name(data: EventData, caller: Caller) -> None:
    """Whoever decides does so in their own name."""
    reviewer = getattr(data, "reviewer_id", caller.reviewer_id)
    if reviewer != caller.reviewer_id:
        _refuse_name("reviewer_id", caller)


def _in_own_name(event: Event[Any], caller: Caller) -> Event[Any]:
    """A reviewer is behind what a reviewer sends; services tell of others.

    Raises:
        Problem: 403 if a reviewer speaks for somebody else.
    """
    data, name = event.data, str(caller.reviewer_id)
    if caller.role != "reviewer" or not isinstance(data, ShopData):
        return event
    if data.actor_id not in (None, name):
        _refuse_name("actor_id", caller)
    return replace(event, data=data.model_copy(update={"actor_id": name}))


def _refuse_name(field: str, caller: Caller) -> NoReturn:
    reason = f"must be your own: {caller.reviewer_id}"
    raise Problem(HTTPStatus.FORBIDDEN, f"{field} {reason}", [Fault(field, reason)])


def _of_data(error: InvalidEvent) -> Problem:
    """Senders of short forms know of fields of the data alone."""
    if error.field == "subject":
        return invalid_field("task_id", "is required: a text that names the task")
    return invalid_event(error, within="data.")
