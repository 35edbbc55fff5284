"""What an API's answer says went wrong, as errors that name the fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one field of a request: a path with dots, or the name of a parameter or header."""

    field: str
    reason: str


class RelearnError(Exception):
    """Whatever a call may come to instead of an answer, except for `ValueError` and `TypeError` of its arguments."""


class Unreadable(RelearnError):
    """Something answered that does not speak as this API does."""


class Passing(RelearnError):
    """May be over soon: the client has tried again until its patience ended."""

    retry_after: float = 0.0
    """Seconds, as the answer says; 0 if it does not."""


class Unreachable(Passing):
    """No answer came. Whether anything was done is not known; the same Idempotency-Key does it once."""


class Problem(RelearnError):
    """A problem document (RFC 9457). `errors` names every field that is wrong; `request_id` finds it in the log."""

    def __init__(
        self,
        status: int,
        title: str,
        detail: str,
        errors: Sequence[Fault] = (),
        request_id: str | None = None,
        retry_after: float = 0.0,
    ) -> None:
        super().__init__(f"{status} {title}: {detail}" if detail else f"{status} {title}")
        self.status, self.title, self.detail = status, title, detail
        self.errors, self.request_id, self.retry_after = tuple(errors), request_id, retry_after


class BadRequest(Problem):
    """The body cannot be read."""


class Unauthorized(Problem):
    """The key or token is nobody's, revoked or expired."""


class Forbidden(Problem):
    """The caller may not do that, or not there."""


class NotFound(Problem):
    """There is no such thing, or none that the caller may see."""


class TooLarge(Problem):
    """The body is larger than an event may be."""


class Invalid(Problem):
    """A field is wrong, or the Idempotency-Key was used for another request."""


class ServerFailed(Problem):
    """The API's own mistake."""


class TooManyRequests(Problem, Passing):
    """More requests than a caller may make."""


class Unavailable(Problem, Passing):
    """Brokers or database are away, or whatever stands before the API cannot reach it."""


OF_STATUS: Mapping[int, type[Problem]] = {
    HTTPStatus.BAD_REQUEST: BadRequest,
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: TooLarge,
    HTTPStatus.UNPROCESSABLE_ENTITY: Invalid,
    HTTPStatus.TOO_MANY_REQUESTS: TooManyRequests,
    HTTPStatus.BAD_GATEWAY: Unavailable,
    HTTPStatus.SERVICE_UNAVAILABLE: Unavailable,
    HTTPStatus.GATEWAY_TIMEOUT: Unavailable,
}


def problem_of(response: httpx.Response, now: datetime) -> Problem:
    """The error that an answer which is none of success stands for, whoever gave it."""
    wait = seconds_of(response.headers.get("retry-after"), now)
    return problem_from(
        _document(response),
        response.status_code,
        request_id=response.headers.get("x-request-id"),
        retry_after=wait,
    )


def problem_from(
    said: Mapping[str, Any], status: int, request_id: str | None = None, retry_after: float = 0.0
) -> Problem:
    """The error that a problem document tells of; `status` where it does not say one itself."""
    told = said.get("status")
    status = told if isinstance(told, int) else status
    kind = OF_STATUS.get(status, ServerFailed if status >= HTTPStatus.INTERNAL_SERVER_ERROR else Problem)
    title = str(said.get("title") or _phrase(status))
    return kind(status, title, str(said.get("detail") or ""), _faults(said), request_id, retry_after)


def seconds_of(said: str | None, now: datetime) -> float:
    """How long a Retry-After asks for: a number of seconds, or a date (RFC 9110, 10.2.3); 0 if it says neither."""
    if said is None:
        return 0.0
    if said.strip().isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return 0.0
    # A date without a zone is meant in UTC.
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _document(response: httpx.Response) -> Mapping[str, Any]:
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return {}
    try:
        said = response.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _faults(said: Mapping[str, Any]) -> list[Fault]:
    told = said.get("errors")
    listed = told if isinstance(told, list) else []
    return [
        Fault(str(each.get("field", "")), str(each.get("reason", "")))
        for each in listed
        if isinstance(each, dict)
    ]


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
