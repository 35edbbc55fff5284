"""What both clients have in common: how requests are built, how answers are read, and when to try again.

Nothing here sends anything: how that is done is all in which the two differ.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4

import httpx
from tenacity import (
    RetryCallState,
    before_sleep_log,
    retry_if_exception_type,
    stop_before_delay,
    wait_random_exponential,
)

from relearn_client.envelope import utc_now
from relearn_client.http.call import Call
from relearn_client.http.position import HEADER, Remembered
from relearn_client.http.problems import Passing, Unreachable, Unreadable, problem_of

T = TypeVar("T")

Key = str | Callable[[], str]

AGENT = "relearn-client"

CONNECT_SECONDS = 5.0
"""For one attempt to connect: an address that is silent leaves time for another attempt."""

LEAST_SECONDS = 0.1
"""For an attempt that begins when patience is nearly over."""

BACKOFF = wait_random_exponential(multiplier=0.1, max=5)
"""Between attempts, beside what a Retry-After asks for: those who were told the same come at different times."""

log = logging.getLogger(__name__)


class Session:
    """One API, and one who calls it. Any number of threads and tasks may share it."""

    def __init__(
        self,
        url: str,
        key: Key,
        patience: float,
        *,
        read_your_writes: bool,
        now: Callable[[], datetime] = utc_now,
        monotonic: Callable[[], float] = time.monotonic,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        """As `HttpClient` says.

        Raises:
            ValueError: if the URL is none, or if patience is no time.
        """
        self._base, self._key = _base(url), key
        if not patience > 0:
            raise ValueError(f"patience must be a number of seconds above 0, not {patience}")
        self._patience = patience
        self._now, self._monotonic, self._new_id = now, monotonic, new_id
        self._position = Remembered(monotonic) if read_your_writes else None

    def begin(self, call: Call[T]) -> Doing[T]:
        """The call as it is done from now on, until patience ends. A write has its Idempotency-Key."""
        if call.is_write and "idempotency-key" not in call.headers:
            call = replace(call, headers={**call.headers, "idempotency-key": str(self._new_id())})
        seconds = self._patience + call.wait
        return Doing(self, call, seconds, self._monotonic() + seconds)

    def request(self, call: Call[Any], until: float) -> httpx.Request:
        """One attempt, whose answer must be there before `until`."""
        headers = {"user-agent": AGENT, **call.headers, "authorization": f"Bearer {self._secret()}"}
        position = None if self._position is None or call.is_write else self._position.told()
        if position is not None:
            headers[HEADER] = position
        left = max(LEAST_SECONDS, until - self._monotonic())
        timeout = httpx.Timeout(left, connect=min(left, CONNECT_SECONDS), read=call.silence or left)
        return httpx.Request(
            call.method,
            f"{self._base}{call.path}",
            params=call.query or None,
            headers=headers,
            content=call.body,
            extensions={"timeout": timeout.as_dict()},
        )

    def take(self, response: httpx.Response) -> None:
        """Takes notice of what an answer says beside its body.

        Raises:
            Problem: if it is none of success.
        """
        if not response.is_success:
            raise problem_of(response, self._now())
        if self._position is not None and (said := response.headers.get(HEADER)) is not None:
            self._position.take(said)

    def _secret(self) -> str:
        key = self._key if isinstance(self._key, str) else self._key()
        if not (key and key.isascii() and key.isprintable()):
            raise ValueError("the key must be printable ASCII characters")  # and never be quoted
        return key


@dataclass(frozen=True, slots=True)
class Doing(Generic[T]):
    """One call with all its attempts."""

    session: Session
    call: Call[T]
    seconds: float
    until: float

    @property
    def policy(self) -> dict[str, Any]:
        """What `tenacity.Retrying` and `tenacity.AsyncRetrying` take: when to try again, and when no more."""
        return {
            "retry": retry_if_exception_type(Passing),
            "wait": _pause,
            "stop": stop_before_delay(self.seconds),
            "before_sleep": before_sleep_log(log, logging.INFO),
            "reraise": True,
        }

    def request(self) -> httpx.Request:
        """The next attempt."""
        return self.session.request(self.call, self.until)

    def answer(self, response: httpx.Response) -> T:
        """What an answer says, whose body is there.

        Raises:
            Problem: if it is none of success.
            Unreadable: if it is not as this API answers.
        """
        self.session.take(response)
        try:
            return self.call.read(response)
        except ValueError as error:
            raise Unreadable(
                f"{self.call.method} {self.call.path} was answered otherwise: {error}"
            ) from error

    @contextmanager
    def reaching(self) -> Iterator[None]:
        """Whoever speaks with the API within hears of failures as this client's errors."""
        try:
            yield
        except httpx.LocalProtocolError as error:
            raise ValueError(f"this cannot be sent: {error}") from error
        except httpx.TransportError as error:
            said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise Unreachable(f"no answer to {self.call.method} {self.call.path}: {said}") from error
        except httpx.DecodingError as error:
            raise Unreadable(
                f"{self.call.method} {self.call.path} was answered otherwise: {error}"
            ) from error


def _base(url: str) -> str:
    try:
        found = httpx.URL(url.rstrip("/"))
    except httpx.InvalidURL as error:
        raise ValueError(f"the url {url!r} is none: {error}") from error
    if found.scheme not in ("http", "https") or not found.host or found.query or found.fragment:
        raise ValueError(f"the url must read as https://relearn.example, not {url!r}")
    return str(found).rstrip("/")


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    return BACKOFF(state) + (error.retry_after if isinstance(error, Passing) else 0.0)
