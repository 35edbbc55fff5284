"""Who calls, and what they may."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Annotated, Protocol

from fastapi import Depends, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.problems import Fault, Problem, invalid
from schemas.access import Caller, Right

BEARER = HTTPBearer(auto_error=False, description="A key of `relearn keys create`, or a token of the issuer.")


class Unknown(Exception):
    """Nobody is known by what was shown. The message says no more than a stranger may know."""


class Doorkeeper(Protocol):
    """Knows callers by what they show."""

    async def caller(self, secret: str) -> Caller:
        """Whose key or token this is.

        Raises:
            Unknown: if it is nobody's.
        """
        ...


async def caller_of(
    request: Request,
    shown: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
) -> Caller:
    """Who calls; refused by the limits that hold for each caller.

    Raises:
        Problem: 401 for nobody, 429 for too many requests.
    """
    if shown is None:
        raise _unauthorized("show a key: Authorization: Bearer relearn_…", 'Bearer realm="relearn"')
    state = request.app.state
    try:
        caller: Caller = await state.doorkeeper.caller(shown.credentials)
    except Unknown as error:
        raise _unauthorized(str(error), 'Bearer realm="relearn", error="invalid_token"') from error
    state.limits.count(caller.reviewer_id)
    return caller


async def is_still(caller: Caller, request: Request) -> bool:
    """Whether whoever asked is still the same caller: no key revoked, no token run out since. For answers that
    take long; a doorkeeper that cannot say is no reason to end one.
    """
    shown = await BEARER(request)
    try:
        return shown is not None and await request.app.state.doorkeeper.caller(shown.credentials) == caller
    except Unknown:
        return False
    except Problem:
        return True


def allowed(right: Right) -> Callable[[Caller], Awaitable[Caller]]:
    """A dependency: the caller, who has this right.

    Raises:
        Problem: 403 if they have not.
    """

    async def dependency(caller: Annotated[Caller, Depends(caller_of)]) -> Caller:
        require(caller, right)
        return caller

    return dependency


Reporter = Annotated[Caller, Depends(allowed("report"))]
Searcher = Annotated[Caller, Depends(allowed("search"))]
Looker = Annotated[Caller, Depends(allowed("look"))]
Reviewer = Annotated[Caller, Depends(allowed("review"))]
Importer = Annotated[Caller, Depends(allowed("import"))]
Governor = Annotated[Caller, Depends(allowed("govern"))]
"""The parameters by which routes say what they take."""


def require(caller: Caller, right: Right) -> None:
    """Raises a 403 where the caller's role lacks this right."""
    if not caller.may(right):
        raise Problem(HTTPStatus.FORBIDDEN, f"role {caller.role} may not {right}")


def shop_of(caller: Caller, shop_id: object) -> int:
    """The shop that a request is about: the one named, else the caller's only one.

    Raises:
        Problem: 422 if it is not named, 403 if it is not one of theirs.
    """
    if shop_id is None and caller.only_shop is not None:
        return caller.only_shop
    if not isinstance(shop_id, int) or isinstance(shop_id, bool) or not 1 <= shop_id < 2**31:
        reason = (
            "is required: you have not exactly one shop" if shop_id is None else "must be a shop's number"
        )
        raise invalid(f"shop_id: {reason}", Fault("shop_id", reason))
    require_shop(caller, shop_id)
    return shop_id


def require_shop(caller: Caller, shop_id: int) -> None:
    """Raises a 403 where the shop is not one of the caller's."""
    if not caller.sees(shop_id):
        raise Problem(HTTPStatus.FORBIDDEN, f"shop {shop_id} is not one of yours")


def require_all_shops(caller: Caller, what: str) -> None:
    """Raises a 403 where the caller is bound to some shops, and this belongs to none."""
    if caller.shops is not None:
        raise Problem(HTTPStatus.FORBIDDEN, f"{what} belong to no shop: this takes a key of all shops")


def _unauthorized(detail: str, challenge: str) -> Problem:
    return Problem(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": challenge})
