"""The client for programs without an event loop."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx
from tenacity import Retrying

from relearn_client.http.answers.audit import OutcomeEvent
from relearn_client.http.call import Call, Page
from relearn_client.http.calls import importing, reading, reporting, reviewing
from relearn_client.http.following import Feed
from relearn_client.http.problems import Unreachable
from relearn_client.http.session import Doing, Key, Session

P = ParamSpec("P")
T = TypeVar("T")


def _done(make: Callable[P, Call[T]]) -> Callable[Concatenate[HttpClient, P], T]:
    """A method that does a call and returns what it is answered."""

    @wraps(make)
    def method(self: HttpClient, /, *said: P.args, **named: P.kwargs) -> T:
        return self.do(make(*said, **named))

    return method


def _paged(make: Callable[P, Call[Page[T]]]) -> Callable[Concatenate[HttpClient, P], Iterator[T]]:
    """A method that goes through a list, and asks for a page when it comes to it."""

    @wraps(make)
    def method(self: HttpClient, /, *said: P.args, **named: P.kwargs) -> Iterator[T]:
        return self._through(make(*said, **named))

    return method


class HttpClient:
    """Speaks with the HTTP API of one relearn, for one caller. Threads may share it.

    Every method does one call, or goes through a list. What has no answer, or one that says that it may be over soon
    (429, 502, 503, 504), is tried again: not before a Retry-After says so, and until `patience` ends; writes keep
    their Idempotency-Key, so that each is done once. What stays wrong is raised as one of the errors of
    `relearn_client.http`; `ValueError` and `TypeError` say that an argument is wrong, and nothing was sent.
    """

    def __init__(
        self,
        url: str,
        key: Key,
        *,
        patience: float = 30.0,
        read_your_writes: bool = True,
        **options: Any,
    ) -> None:
        """`url` as `https://relearn.example`; `key`: an access key or token, or what is called for one each time.

        `patience`: seconds for a call with all its attempts, beside those for which it is to wait for its effect.
        `read_your_writes`: reads show no older state than the writes before them whose effect was waited for.
        `options`: those of `httpx.Client` (verify, cert, proxy, limits).

        Raises:
            ValueError: if the URL is none, or if patience is no time.
        """
        self._session = Session(url, key, patience, read_your_writes=read_your_writes)
        self._http = httpx.Client(**options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends its connections."""
        self._http.close()

    conversation = _done(reporting.conversation)
    call = _done(reporting.call)
    response = _done(reporting.response)
    feedback = _done(reporting.feedback)
    correction = _done(reporting.correction)
    propose = _done(reporting.propose)
    task_routed = _done(reporting.task_routed)
    task_started = _done(reporting.task_started)
    task_completed = _done(reporting.task_completed)
    task_feedback = _done(reporting.task_feedback)
    import_knowledge = _paged(importing.import_knowledge)

    approve = _done(reviewing.approve)
    reject = _done(reviewing.reject)
    assign = _done(reviewing.assign)
    release = _done(reviewing.release)
    bulk = _done(reviewing.bulk)
    revert_merge = _done(reviewing.revert_merge)
    apply = _done(reviewing.apply)
    edit = _done(reviewing.edit)
    retract = _done(reviewing.retract)
    rollback = _done(reviewing.rollback)
    adopt_policy = _done(reviewing.adopt_policy)

    search = _done(reading.search)
    knowledge = _paged(reading.knowledge)
    get_knowledge = _done(reading.get_knowledge)
    get_conversation = _done(reading.get_conversation)
    queue = _paged(reading.queue)
    pending = _paged(reading.pending)
    get_item = _done(reading.get_item)
    audit = _paged(reading.audit)
    why = _done(reading.why)
    learning_metrics = _done(reading.learning_metrics)
    response_metrics = _done(reading.response_metrics)
    recent_executions = _done(reading.recent_executions)
    similar_executions = _done(reading.similar_executions)
    best_tiers = _done(reading.best_tiers)
    execution_trend = _done(reading.execution_trend)
    calibration = _done(reading.calibration)

    def follow(self, *, shops: Iterable[int] = (), after: str | None = None) -> Iterator[OutcomeEvent]:
        """What is decided about these shops, or all that the key sees, as it comes and for as long as one listens.

        `after`: the `stream_id` of the last outcome that was heard; without it, from now on. When the line breaks it
        is taken up again where it was; an error comes only after `patience` in vain.
        """
        feed = Feed(shops, after)
        while True:
            doing = self._session.begin(feed.connecting())
            # What breaks while it lasts is taken up again where it was.
            with closing(Retrying(**doing.policy)(self._opened, doing)) as response, suppress(Unreachable):
                yield from self._heard(feed, doing, response)
            time.sleep(feed.pause)

    def do(self, call: Call[T]) -> T:
        """Does any call of `relearn_client.http.calls`."""
        doing = self._session.begin(call)
        found: T = Retrying(**doing.policy)(self._attempt, doing)
        return found

    def _attempt(self, doing: Doing[T]) -> T:
        with doing.reaching():
            response = self._http.send(doing.request())
        return doing.answer(response)

    def _through(self, first: Call[Page[T]]) -> Iterator[T]:
        call: Call[Page[T]] | None = first
        while call is not None:
            page = self.do(call)
            yield from page.items
            call = page.following()

    def _opened(self, doing: Doing[None]) -> httpx.Response:
        """The answer, once it has begun well."""
        with doing.reaching():
            response = self._http.send(doing.request(), stream=True)
            if not response.is_success:
                with closing(response):
                    response.read()
        doing.session.take(response)
        return response

    @staticmethod
    def _heard(feed: Feed, doing: Doing[None], response: httpx.Response) -> Iterator[OutcomeEvent]:
        with doing.reaching():
            for piece in response.iter_bytes():
                yield from feed.take(piece)
