"""What went wrong, as problem documents (RFC 9457) that name the field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus

import orjson
import structlog
from aiokafka.errors import KafkaError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from api.writing import Unwritable
from projections.failures import DATABASE_FAILURES, is_passing
from schemas.failures import InvalidEvent

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 2
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of a request: a path with dots, or the name of a parameter or header."""

    field: str
    reason: str


class Problem(Exception):
    """A request that comes to nothing, with what its sender should know."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.errors, self.headers = errors, dict(headers or {})

    def as_json(self) -> dict[str, object]:
        """The document."""
        told: dict[str, object] = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": self.status.value,
            "detail": self.detail,
        }
        return told | ({"errors": [asdict(each) for each in self.errors]} if self.errors else {})

    def response(self) -> Response:
        """The answer to the request."""
        return Response(orjson.dumps(self.as_json()), self.status, self.headers, MEDIA_TYPE)


def invalid(detail: str, *errors: Fault) -> Problem:
    """What was sent can be read, and cannot be accepted."""
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail, errors)


def invalid_event(error: InvalidEvent, within: str = "") -> Problem:
    """The same, of an event; `within`: where a field's name begins that the sender never wrote."""
    if error.field is None:
        return Problem(HTTPStatus.BAD_REQUEST, error.reason)
    field = error.field.removeprefix(within)
    reason = error.reason.removeprefix(f"{error.field}: ")
    return invalid(f"{field}: {reason}", Fault(field, reason))


def invalid_field(field: str, reason: str) -> Problem:
    """One field is wrong."""
    return invalid(f"{field}: {reason}", Fault(field, reason))


def invalid_model(error: ValidationError, *within: str) -> Problem:
    """A body is not what its model says; `within`: where in the body that is."""
    faults = [
        Fault(".".join(map(str, (*within, *each["loc"]))) or "body", _reason(each["msg"]))
        for each in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    return invalid(f"{faults[0].field}: {faults[0].reason}", *faults)


def _reason(message: str) -> str:
    """What pydantic says, without the kind of exception in which our own words came."""
    return message.removeprefix("Value error, ")


def too_large(most: int, *, endless: bool = False) -> Problem:
    """More bytes than this. `endless`: as nobody knows how many more would come, the connection is closed."""
    headers = {"Connection": "close"} if endless else {}
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"larger than {most:,} bytes", headers=headers)


def not_found(detail: str) -> Problem:
    """There is no such thing, or none that the caller may see."""
    return Problem(HTTPStatus.NOT_FOUND, detail)


def unavailable(detail: str) -> Problem:
    """Something is away; the same request may be sent again."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers={"Retry-After": str(RETRY_SECONDS)})


def unexpected(error: Exception) -> Problem:
    """Nothing that a caller could mend. What it was is in the log."""
    log.error("request failed", exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "this is our mistake; it is in our log")


def answer_problems(app: FastAPI) -> None:
    """Lets every failure that is foreseen be answered as a problem document."""
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(InvalidEvent, _invalid_event)
    app.add_exception_handler(Unwritable, _unwritable)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    app.add_exception_handler(HTTPException, _http)
    for kind in (*DATABASE_FAILURES, OSError, KafkaError, TimeoutError):
        app.add_exception_handler(kind, _away)


async def _problem(_: Request, error: Exception) -> Response:
    assert isinstance(error, Problem)
    return error.response()


async def _invalid_event(_: Request, error: Exception) -> Response:
    assert isinstance(error, InvalidEvent)
    return invalid_event(error).response()


async def _unwritable(_: Request, error: Exception) -> Response:
    return unavailable(f"not accepted: {error}").response()


async def _invalid_request(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        Fault(".".join(map(str, each["loc"][1:])) or str(each["loc"][0]), _reason(each["msg"]))
        for each in error.errors()
    ]
    first = faults[0]
    return invalid(f"{first.field}: {first.reason}", *faults).response()


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    status, headers = HTTPStatus(error.status_code), dict(error.headers or {})
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods(request))
    return Problem(status, error.detail, headers=headers).response()


def _methods(request: Request) -> Sequence[str]:
    """What can be asked of this address: every route names its own methods alone.

    A word that has routes of its own is no id: GET of `/knowledge/import` would be of a piece of knowledge.
    """
    if (own := request.app.openapi()["paths"].get(request.url.path)) is not None:
        return sorted(method.upper() for method in own)
    return [
        method
        for method in METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] is Match.FULL
            for route in request.app.routes
        )
    ]


async def _away(_: Request, error: Exception) -> Response:
    """Broker or database could not be asked; nothing is known to have happened."""
    if isinstance(error, DATABASE_FAILURES) and not is_passing(error):
        return unexpected(error).response()
    log.warning("away", kind=type(error).__name__, reason=str(error).splitlines()[:1])
    return unavailable("the service behind this is away; try again").response()
