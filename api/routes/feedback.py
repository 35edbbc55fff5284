"""Short forms: what people thought of an answer, with the words that the conversation is known to have had."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ConfigDict, Field, model_validator

from api.bounds import object_of
from api.callers import Reporter
from api.declared import NOTHING, body_of, case, only_if, takes
from api.problems import invalid_field
from api.responses import WRITTEN
from api.routes.saying import say
from api.services import services
from schemas.access import Caller
from schemas.correction import ResponseCorrected
from schemas.feedback import FeedbackGiven
from schemas.words import last_exchange


class Rating(FeedbackGiven):
    """A reaction to an answer: `thumbs`, or `rating`, or a feedback type of its own."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    feedback_type: Literal["thumbs_up", "thumbs_down", "star_rating", "emoji"] | None = None  # type: ignore[assignment]
    thumbs: Literal["up", "down"] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.thumbs is None and self.rating is None and self.feedback_type is None:
            raise ValueError("thumbs, rating or feedback_type is required")
        return self


class Correction(ResponseCorrected):
    """What should have been answered; what was is looked up where it is not said."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    original_response: Annotated[str, Field(max_length=32_000)] | None = None  # type: ignore[assignment]


STARS: dict[str, Any] = {"type": "integer"}

RATING = only_if(
    body_of(Rating, with_shop=True),
    *(
        case("thumbs", thumbs={"const": way}, feedback_type={"enum": [f"thumbs_{way}", None]})
        for way in ("up", "down")
    ),
    case("feedback_type", thumbs=NOTHING, feedback_type={"enum": ["thumbs_up", "thumbs_down", "emoji"]}),
    case("rating", thumbs=NOTHING, rating=STARS, feedback_type={"enum": ["star_rating", None]}),
)
CORRECTION = body_of(Correction, with_shop=True)


def feedback() -> APIRouter:
    """Ratings and corrections."""
    router = APIRouter(prefix="/feedback", tags=["report"], responses=WRITTEN)
    for path, work, model, body in (
        ("/rating", rate, Rating, RATING),
        ("/correction", correct, Correction, CORRECTION),
    ):
        router.add_api_route(
            path,
            work,
            methods=["POST"],
            status_code=202,
            summary=(model.__doc__ or "").partition("\n")[0],
            openapi_extra=takes("report", body=body),
        )
    return router


async def rate(request: Request, caller: Reporter) -> Response:
    """The event stands alone: question and answer are in it."""
    said = _without_none(await object_of(request), "thumbs", "feedback_type")
    thumbs = said.pop("thumbs", None)
    if thumbs not in (None, "up", "down"):
        raise invalid_field("thumbs", "must be up or down")
    if thumbs is not None and said.setdefault("feedback_type", f"thumbs_{thumbs}") != f"thumbs_{thumbs}":
        raise invalid_field("thumbs", "is not what feedback_type says")
    if "rating" in said:
        said.setdefault("feedback_type", "star_rating")

    async def complete(shop: int | None, said: Mapping[str, Any]) -> Mapping[str, Any]:
        return await _completed(request, caller, shop, said, "response")

    return await say(request, caller, FeedbackGiven, said, complete)


async def correct(request: Request, caller: Reporter) -> Response:
    """The same for a correction."""

    async def complete(shop: int | None, said: Mapping[str, Any]) -> Mapping[str, Any]:
        whole = await _completed(request, caller, shop, said, "original_response")
        if "original_response" not in whole and _conversation(whole) is not None:
            raise invalid_field("original_response", "is required: no answer is known of this conversation")
        return whole

    said = _without_none(await object_of(request), "original_response")
    return await say(request, caller, ResponseCorrected, said, complete)


async def _completed(
    request: Request, caller: Caller, shop: int | None, said: Mapping[str, Any], answer: str
) -> Mapping[str, Any]:
    """With question and answer of the conversation's last exchange where the caller has not said them."""
    conversation = _conversation(said)
    if conversation is None or shop is None or ("question" in said and answer in said):
        return said
    transcript = await services(request).learning.for_shops(caller.shops).transcript(shop, conversation)
    found = last_exchange(transcript or "")
    known = {name: words for name, words in (("question", found.question), (answer, found.answer)) if words}
    return {**known, **said}


def _conversation(said: Mapping[str, Any]) -> UUID | None:
    """Which one it is about; None if that cannot be read: it will be refused as any other field."""
    try:
        return UUID(said.get("conversation_id"))
    except (ValueError, TypeError, AttributeError):
        return None


def _without_none(said: dict[str, Any], *names: str) -> dict[str, Any]:
    """Without those of these fields that say nothing."""
    return {name: value for name, value in said.items() if name not in names or value is not None}
