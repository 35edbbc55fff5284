"""A call of the API as a value: what is asked, and how its answer is read."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

import httpx
from pydantic_core import to_jsonable_python

from relearn_client.http.answers.told import Told
from relearn_client.http.answers.writing import Accepted, Decided

T = TypeVar("T")
M = TypeVar("M", bound=Told)

JSON = "application/json"

Query = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, not yet sent. Made by the functions of `relearn_client.http.calls`."""

    method: str
    path: str
    read: Callable[[httpx.Response], T]
    """The answer of success, whose body is there. Raises `ValueError` where it is none."""
    query: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0
    """Seconds for which the API is asked to wait for the effect."""
    silence: float | None = None
    """Of an answer that goes on: after so many seconds without a word the line is dead."""

    @property
    def is_write(self) -> bool:
        """Whether it changes anything: it is sent again with the same Idempotency-Key, which does it once."""
        return self.method != "GET"


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A part of a list."""

    items: tuple[T, ...]
    following: Callable[[], Call[Page[T]] | None]
    """The call of the next part; None if this was the last."""


Write = Call[Accepted | Decided]


def reading(path: str, kind: type[M], query: Query | None = None) -> Call[M]:
    """A call that reads one thing."""
    return Call("GET", path, lambda response: kind.model_validate_json(response.content), pairs(query or {}))


def listing(path: str, kind: type[M], query: Query) -> Call[tuple[M, ...]]:
    """A call that reads a list which comes as a whole."""
    return Call("GET", path, lambda response: _items(kind, response), pairs(query))


def paging(path: str, kind: type[M], query: Query) -> Call[Page[M]]:
    """A call that reads the first page of a list."""

    def page_after(cursor: str | None) -> Call[Page[M]]:
        def read(response: httpx.Response) -> Page[M]:
            following = _cursor(response)
            return Page(_items(kind, response), lambda: None if following is None else page_after(following))

        return Call("GET", path, read, pairs({**query, "cursor": cursor}))

    return page_after(None)


def writing(path: str, body: Mapping[str, object], wait: float | None, idempotency_key: str | None) -> Write:
    """A call that says one event."""
    return _posting(path, body, wait, idempotency_key, written)


def writing_all(
    path: str, body: Mapping[str, object], wait: float | None, idempotency_key: str | None
) -> Call[tuple[Accepted | Decided, ...]]:
    """A call that says several events."""
    return _posting(path, body, wait, idempotency_key, _all_written)


def _posting(
    path: str,
    body: Mapping[str, object],
    wait: float | None,
    idempotency_key: str | None,
    read: Callable[[httpx.Response], T],
) -> Call[T]:
    seconds = seconds_of(wait)
    headers = {"content-type": JSON}
    if idempotency_key is not None:
        headers["idempotency-key"] = idempotency_key
    if seconds:
        headers["prefer"] = f"wait={math.ceil(seconds)}"
    return Call("POST", path, read, body=as_json(body), headers=headers, wait=seconds)


def seconds_of(wait: float | None) -> float:
    """How long a write waits.

    Raises:
        ValueError: if it is no time.
    """
    if wait is None:
        return 0.0
    if not 0 <= wait < math.inf:
        raise ValueError(f"wait must be a number of seconds, not {wait}")
    return float(wait)


def as_json(body: Mapping[str, object]) -> bytes:
    """A JSON object with those of these fields that say anything.

    Raises:
        ValueError: if it cannot be written as JSON.
    """
    plain = to_jsonable_python(
        {name: value for name, value in body.items() if value is not None}, inf_nan_mode="constants"
    )
    return json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def written(response: httpx.Response) -> Accepted | Decided:
    """What became of one event."""
    return _kind_of(response).model_validate_json(response.content)


def _all_written(response: httpx.Response) -> tuple[Accepted | Decided, ...]:
    if "event_id" in json_object(response):
        # What is one event, whatever it is about, is answered as such.
        return (written(response),)
    return tuple(map(_kind_of(response).model_validate, _list(response, "events")))


def _kind_of(response: httpx.Response) -> type[Accepted | Decided]:
    return Decided if response.status_code == httpx.codes.OK else Accepted


def _items(kind: type[M], response: httpx.Response) -> tuple[M, ...]:
    return tuple(map(kind.model_validate, _list(response, "items")))


def _list(response: httpx.Response, name: str) -> list[Any]:
    found = json_object(response).get(name)
    if not isinstance(found, list):
        raise ValueError(f"an answer without {name}")
    return found


def json_object(response: httpx.Response) -> dict[str, Any]:
    """What an answer says.

    Raises:
        ValueError: if that is no JSON object.
    """
    said = response.json()
    if not isinstance(said, dict):
        raise ValueError("an answer that is no object")
    return said


def _cursor(response: httpx.Response) -> str | None:
    """Where the next page begins. Of the Link nothing else is taken: a key goes nowhere because an answer says so."""
    link = response.links.get("next")
    return None if link is None else httpx.URL(link["url"]).params.get("cursor")


def pairs(query: Query) -> tuple[tuple[str, str], ...]:
    """Parameters, less those that say nothing; a list is several of the same name."""
    return tuple(
        (name, _text(each))
        for name, said in query.items()
        for each in (said if isinstance(said, list | tuple) else [said])
        if each is not None
    )


def _text(said: object) -> str:
    return said.isoformat() if isinstance(said, date) else str(said)
