"""From what a chapter's file says to single events: talks, series and partition-wide entries are unfolded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from schemas.policy import LearningPolicy, content

Said = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """One message to be: an event of `kind` with its data, or, of kind `raw` or `again`, something special.

    `about` labels the topic that its question belongs to; `days_ago` is None where the chapter says when.
    """

    name: str
    kind: str
    data: Said
    about: str | None = None
    days_ago: float | None = None


@dataclass(frozen=True)
class Setting:
    """What depends on where the scenario is played."""

    partitions: int
    embedding_model: str


def entries(said: Mapping[str, Any], setting: Setting) -> Iterator[Entry]:
    """The single entries that one table of a chapter stands for."""
    rest = dict(said)
    name, kind = rest.pop("id"), rest.pop("is")
    about, days_ago = rest.pop("about", None), rest.pop("days_ago", None)
    unfold = UNFOLD.get(kind, _single)
    for suffix, inner, data in unfold(name, kind, rest, setting):
        yield Entry(f"{name}{suffix}", inner, data, about, days_ago)


Unfolded = Iterator[tuple[str, str, Said]]


def _single(name: str, kind: str, said: Said, setting: Setting) -> Unfolded:
    yield "", kind, said


def _talk(name: str, kind: str, said: Said, setting: Setting) -> Unfolded:
    """A conversation, the assistant's last answer as it was served, and what the customer thought of it."""
    about = {"actor_id": said.get("same_as", name), "conversation_id": said.pop("same_as", name)}
    served, feedback = said.pop("served", None), said.pop("feedback", None)
    cites = said.pop("cites", [])
    turns = [
        dict(zip(("role", "content"), turn.split(": ", 1), strict=True)) for turn in said.pop("messages")
    ]
    cited = {"user_id": about["actor_id"], "messages": turns, "cited_knowledge_ids": cites}
    yield "/talk", "conversation.recorded", about | said | cited
    question, response = _last_answer(turns)
    if served:
        yield "/served", "response.served", about | {"response_text": response} | served
    if feedback:
        yield "/feedback", "feedback.given", about | {"question": question, "response": response} | feedback


def _last_answer(turns: list[dict[str, str]]) -> tuple[str, str]:
    """The assistant's last turn and the user's turn before it."""
    roles = [turn["role"] for turn in turns]
    answer = len(roles) - 1 - roles[::-1].index("assistant")
    question = answer - 1 - roles[:answer][::-1].index("user")
    return turns[question]["content"], turns[answer]["content"]


def _series(name: str, kind: str, said: Said, setting: Setting) -> Unfolded:
    """One event for each character of `bought`; lists of values are gone through again and again."""
    inner, bought = said.pop("of"), said.pop("bought")
    for index, mark in enumerate(bought):
        data = {
            key: value[index % len(value)] if isinstance(value, list) else value
            for key, value in said.items()
        }
        own = {"conversation_id": f"{name}/{index + 1}", "led_to_conversion": mark == "x"}
        yield f"/{index + 1}", inner, data | own


def _everywhere(name: str, kind: str, said: Said, setting: Setting) -> Unfolded:
    for partition in range(setting.partitions):
        yield f"/{partition}", kind, {"partition": partition} | said


def _policy(name: str, kind: str, said: Said, setting: Setting) -> Unfolded:
    """The default policy with these changes, whole, for the model that is in force."""
    policy = content(LearningPolicy.model_validate(said.pop("policy")))
    model = setting.embedding_model
    yield from _everywhere(name, kind, said | {"policy": policy, "embedding_model": model}, setting)


UNFOLD: Mapping[str, Callable[[str, str, Said, Setting], Unfolded]] = {
    "talk": _talk,
    "series": _series,
    "tick": _everywhere,
    "retention.advanced": _everywhere,
    "policy.adopted": _policy,
}
