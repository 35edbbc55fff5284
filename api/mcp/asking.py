"""The API as one caller asks it, from within the same process or from afar."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from api.mcp.answers import Answer

A = TypeVar("A", bound=Answer)

WAIT_SECONDS = 10
"""How long a tool waits for what comes of what it says."""


ANSWER_SECONDS = 40.0
"""Less than a request to the API may take, so that a tool tells what it waited for in vain."""


class Refused(Exception):
    """Nothing is known to be done. The message is a sentence for whoever asked."""


class _Fault(BaseModel):
    field: str
    reason: str


class _Problem(BaseModel):
    """RFC 9457, as the API writes it."""

    detail: str
    errors: list[_Fault] = []


@dataclass(frozen=True, slots=True)
class Api:
    """`headers`: in whose name. `shop`: the one that is meant where none is named."""

    client: httpx.AsyncClient
    headers: Mapping[str, str]
    shop: int | None

    async def read(self, path: str, answer: type[A], **parameters: Any) -> A:
        """What stands at a path. Parameters that are None are not sent.

        Raises:
            Refused: if the API says no, or cannot be asked.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        return _read(await self._asked("GET", path, params=given), answer)

    async def say(self, path: str, body: Mapping[str, Any], answer: type[A]) -> A:
        """Appends, and waits for some time for what comes of it.

        Raises:
            Refused: as `read` does.
        """
        return _read(await self._asked("POST", path, json=body, headers={"prefer": _WISH}), answer)

    async def _asked(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        named = {**self.headers, **(headers or {})}
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                response = await self.client.request(method, path, headers=named, **more)
        except TimeoutError:
            words = f"no answer within {ANSWER_SECONDS:g} s; whether anything was done is not known"
            raise Refused(words) from None
        except httpx.TransportError as error:
            why = str(error) or type(error).__name__
            raise Refused(f"the API cannot be reached at {self.client.base_url}: {why}") from error
        if not response.is_success:
            raise Refused(_sentence(response))
        return response


_WISH = f"wait={WAIT_SECONDS}"


def _read(response: httpx.Response, answer: type[A]) -> A:
    try:
        return answer.model_validate_json(response.content)
    except ValidationError as error:
        raise Refused(f"what answers at {response.url.copy_with(query=None)} is not the API") from error


def _sentence(response: httpx.Response) -> str:
    """What a problem says, of every field that is wrong, and when to come again."""
    try:
        problem = _Problem.model_validate_json(response.content)
    except ValidationError:
        return (
            f"{response.url.copy_with(query=None)} answered {response.status_code} {response.reason_phrase}"
        )
    told = "; ".join(f"{each.field}: {each.reason}" for each in problem.errors[1:])
    words = f"{problem.detail}; {told}" if told else problem.detail
    again = response.headers.get("retry-after")
    return f"{words} (come again in {again} s)" if again else words
