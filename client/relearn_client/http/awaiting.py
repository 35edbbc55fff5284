"""The client for programs with an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterable
from contextlib import aclosing, suppress
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx
from tenacity import AsyncRetrying

from relearn_client.http.answers.audit import OutcomeEvent
from relearn_client.http.call import Call, Page
from relearn_client.http.calls import importing, reading, reporting, reviewing
from relearn_client.http.following import Feed
from relearn_client.http.problems import Unreachable
from relearn_client.http.session import Doing, Key, Session

P = ParamSpec("P")
T = TypeVar("T")


def _done(make: Callable[P, Call[T]]) -> Callable[Concatenate[AsyncHttpClient, P], Coroutine[Any, Any, T]]:
    """A method that does a call and returns what it is answered."""

    @wraps(make)
    async def method(self: AsyncHttpClient, /, *said: P.args, **named: P.kwargs) -> T:
        return await self.do(make(*said, **named))

    return method


def _paged(make: Callable[P, Call[Page[T]]]) -> Callable[Concatenate[AsyncHttpClient, P], AsyncIterator[T]]:
    """A method that goes through a list, and asks for a page when it comes to it."""

    @wraps(make)
    def method(self: AsyncHttpClient, /, *said: P.args, **named: P.kwargs) -> AsyncIterator[T]:
        return self._through(make(*said, **named))

    return method


class AsyncHttpClient:
    """What `HttpClient` is for programs with an event loop: the same methods, each to be awaited or gone through."""

    def __init__(
        self,
        url: str,
        key: Key,
        *,
        patience: float = 30.0,
        read_your_writes: bool = True,
        **options: Any,
    ) -> None:
        """As `HttpClient`; `options`: those of `httpx.AsyncClient`."""
        self._session = Session(url, key, patience, read_your_writes=read_your_writes)
        self._http = httpx.AsyncClient(**options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Ends its connections."""
        await self._http.aclose()

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

    async def follow(
        self, *, shops: Iterable[int] = (), after: str | None = None
    ) -> AsyncGenerator[OutcomeEvent, None]:
        """As `HttpClient.follow`. Who stops before an error does so under `contextlib.aclosing`, to end the line."""
        feed = Feed(shops, after)
        while True:
            doing = self._session.begin(feed.connecting())
            response: httpx.Response = await AsyncRetrying(**doing.policy)(self._opened, doing)
            # What breaks while it lasts is taken up again where it was.
            with suppress(Unreachable):
                async with aclosing(self._heard(feed, doing, response)) as heard:
                    async for told in heard:
                        yield told
            await asyncio.sleep(feed.pause)

    async def do(self, call: Call[T]) -> T:
        """Does any call of `relearn_client.http.calls`."""
        doing = self._session.begin(call)
        return await AsyncRetrying(**doing.policy)(self._attempt, doing)

    async def _attempt(self, doing: Doing[T]) -> T:
        with doing.reaching():
            response = await self._http.send(doing.request())
        return doing.answer(response)

    async def _through(self, first: Call[Page[T]]) -> AsyncIterator[T]:
        call: Call[Page[T]] | None = first
        while call is not None:
            page = await self.do(call)
            for each in page.items:
                yield each
            call = page.following()

    async def _opened(self, doing: Doing[None]) -> httpx.Response:
        """The answer, once it has begun well."""
        with doing.reaching():
            response = await self._http.send(doing.request(), stream=True)
            if not response.is_success:
                async with aclosing(response):
                    await response.aread()
        doing.session.take(response)
        return response

    @staticmethod
    async def _heard(
        feed: Feed, doing: Doing[None], response: httpx.Response
    ) -> AsyncGenerator[OutcomeEvent, None]:
        async with aclosing(response):
            with doing.reaching():
                async for piece in response.aiter_bytes():
                    for told in feed.take(piece):
                        yield told
