"""Topical-Chat: conversations of two people, one of them in the role of the assistant, every turn rated.

A JSON object of conversations by id: `content` is a list of turns with `message`, `agent` (agent_1 begins and
is the user here), `sentiment` and `turn_rating` (often enough empty).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from cli.importers.source import Events, ImportRefused, Plan, stable_id, stamped, text_of, tidy
from schemas.conversation import ConversationRecorded, Message
from schemas.event import ShopData
from schemas.feedback import FeedbackGiven
from schemas.response import ResponseServed

DATASET = "topical-chat"
ROLES: Mapping[str, Any] = {"agent_1": "user", "agent_2": "assistant"}
STARS: Mapping[str, int] = {"Excellent": 5, "Good": 4, "Passable": 3, "Not Good": 2, "Poor": 1}


class Turn(BaseModel):
    """What is read of one turn; the rest is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    message: str
    agent: str = Field(pattern=f"^({'|'.join(ROLES)})$")
    sentiment: str | None = None
    turn_rating: str = Field("", pattern=f"^({'|'.join(STARS)}|)$")

    @property
    def stars(self) -> int | None:
        return STARS.get(self.turn_rating)


class Conversation(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)

    content: list[Turn] = Field(min_length=1)
    config: str | None = None
    article_url: str | None = None


def events(path: Path, plan: Plan) -> Events:
    """For each conversation one ConversationRecorded; for each turn of the assistant ResponseServed,
    and FeedbackGiven where it was rated.

    Raises:
        ImportRefused: at the first conversation that is not of this form.
    """
    return stamped(DATASET, plan, _all(path, plan))


def _all(path: Path, plan: Plan) -> Iterator[tuple[int, str, ShopData]]:
    for index, (name, said) in enumerate(_conversations(path).items()):
        shop = plan.shop(index)
        try:
            conversation = Conversation.model_validate(said)
            for place, data in _events_of(shop, name, conversation):
                yield shop, f"{name}/{place}", data
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ImportRefused(path, f"conversation {name}", f"{where}: {first['msg']}") from None


def _conversations(path: Path) -> dict[str, Any]:
    text = text_of(path)
    try:
        said = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ImportRefused(path, f"line {error.lineno}", f"not JSON: {error.msg}") from None
    if not isinstance(said, dict):
        raise ImportRefused(path, "line 1", "not a JSON object of conversations")
    return said


def _events_of(shop: int, name: str, conversation: Conversation) -> Iterator[tuple[str, ShopData]]:
    conversation_id = stable_id(DATASET, shop, "conversation", name)
    actor = f"{DATASET}-{name}"
    yield "whole", _recorded(conversation_id, actor, name, conversation)
    question = None
    for index, turn in enumerate(conversation.content):
        if ROLES[turn.agent] == "user":
            question = tidy(turn.message)
            continue
        yield f"turn-{index}", _served(conversation_id, actor, index, turn)
        if turn.stars is not None:
            yield f"turn-{index}", _rated(conversation_id, actor, index, turn, question)


def _served(conversation_id: UUID, actor: str, index: int, turn: Turn) -> ResponseServed:
    return ResponseServed(
        actor_id=actor,
        conversation_id=conversation_id,
        response_text=tidy(turn.message),
        response_type="chat",
        metrics=_known(index, turn),
    )


def _rated(conversation_id: UUID, actor: str, index: int, turn: Turn, question: str | None) -> FeedbackGiven:
    return FeedbackGiven(
        actor_id=actor,
        conversation_id=conversation_id,
        feedback_type="star_rating",
        rating=turn.stars,
        question=question,
        response=tidy(turn.message),
        metadata=_known(index, turn),
    )


def _recorded(conversation_id: UUID, actor: str, name: str, said: Conversation) -> ConversationRecorded:
    told = {"dataset": DATASET, "name": name, "config": said.config, "article_url": said.article_url}
    return ConversationRecorded(
        actor_id=actor,
        conversation_id=conversation_id,
        user_id=actor,
        channel="chat",
        messages=[Message(role=ROLES[t.agent], content=tidy(t.message)) for t in said.content],
        metadata={key: value for key, value in told.items() if value},
    )


def _known(index: int, turn: Turn) -> dict[str, Any]:
    return {"turn": index} | ({"sentiment": turn.sentiment} if turn.sentiment else {})
