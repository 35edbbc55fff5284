"""The bundled demo: some days of three shops, from the first import to the last second thought."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from cli.scenario.entries import Entry, Setting, entries
from cli.scenario.naming import Names, Shop, shops
from schemas.codec import encode, event_from
from schemas.event import Event, EventData
from schemas.topics import LEARNING

__all__ = ["Message", "Phase", "Shop", "lines", "phases", "shops"]

SENDERS: Mapping[str, str] = {
    "response.corrected": "/console/reviewers",
    "call.transcribed": "/telephone/transcriber",
    "knowledge.imported": "/web/help-pages",
    "knowledge.proposed": "/console/reviewers",
    "apply.requested": "/scheduler",
    "tick": "/scheduler",
    "retention.advanced": "/scheduler",
}
"""CloudEvents sources; what is missing comes from the assistant or, if it is a review, from the console."""


@dataclass(frozen=True)
class Message:
    """One message as it is sent. `event` is what it says, None for what cannot be read or decided.

    `partition` is None where the key decides. `about`: the topic that its question belongs to, where that
    matters. `why`: what is wrong with it, if anything is.
    """

    name: str
    topic: str
    key: bytes | None
    value: bytes
    partition: int | None = None
    event: Event[EventData] | None = None
    about: str | None = None
    why: str | None = None


@dataclass(frozen=True)
class Phase:
    """One chapter: its story in words, what is sent, and what is to be seen afterwards."""

    name: str
    story: str
    expectations: tuple[str, ...]
    messages: tuple[Message, ...]


def phases(now: datetime, *, partitions: int = 4, embedding_model: str = "all-MiniLM-L6-v2") -> list[Phase]:
    """The chapters in their order. The ids are always the same; the times lie in the last days before `now`.

    `partitions` and `embedding_model` are those of the learning domain that the scenario is played in.
    """
    setting, names = Setting(partitions, embedding_model), Names(shops())
    sent: dict[str, Message] = {}
    return [_phase(chapter, setting, names, now, sent) for chapter in _chapters()]


def lines(told: Iterable[Phase]) -> Iterator[bytes]:
    """Every valid event as one line of JSON, for `relearn produce`."""
    for phase in told:
        yield from (message.value + b"\n" for message in phase.messages if message.event is not None)


def _chapters() -> list[dict[str, Any]]:
    found = (f for f in files(__package__).iterdir() if f.name.endswith(".toml") and f.name[0].isdigit())
    return [tomllib.loads(f.read_text("utf-8")) for f in sorted(found, key=lambda f: f.name)]


def _phase(
    said: Mapping[str, Any], setting: Setting, names: Names, now: datetime, sent: dict[str, Message]
) -> Phase:
    told = [entry for table in said["events"] for entry in entries(table, setting)]
    messages = []
    for entry, at in zip(told, _times(said, now, told), strict=True):
        message = sent[entry.name] if entry.kind == "again" else _message(entry, names, now, at)
        sent[entry.name] = message
        messages.append(message)
    story = " ".join(said["story"].split())
    return Phase(said["name"], story, tuple(said["expectations"]), tuple(messages))


def _times(said: Mapping[str, Any], now: datetime, told: Sequence[Entry]) -> Iterator[datetime]:
    """Evenly between the chapter's begin and end, except where an entry says when."""
    begin, end = said["begins_days_ago"], said["ends_days_ago"]
    for index, entry in enumerate(told):
        evenly = begin - (begin - end) * index / len(told)
        yield now - timedelta(days=evenly if entry.days_ago is None else entry.days_ago)


def _message(entry: Entry, names: Names, now: datetime, at: datetime) -> Message:
    if entry.kind == "raw":
        value = entry.data["text"].replace("{now}", at.isoformat()).encode()
        key = entry.data["key"].encode("ascii")
        return Message(entry.name, entry.data["topic"], key, value, why=entry.data["why"])
    event = _event(entry, names, now, at)
    topic = LEARNING.input_of(event.type)
    assert topic is not None
    key = str(event.shop_id).encode("ascii") if event.shop_id else None
    partition = entry.data.get("partition")
    return Message(entry.name, topic.name, key, encode(event), partition, event, entry.about)


def _event(entry: Entry, names: Names, now: datetime, at: datetime) -> Event[EventData]:
    data = names.resolved(entry.data)
    if (days := data.pop("before_days_ago", None)) is not None:
        data["before"] = (now - timedelta(days=days)).isoformat()
    said: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(names.event(entry.name)),
        "source": _sender(entry),
        "type": LEARNING.newest[f"relearn.{entry.kind}"].TYPE,
        "time": at.isoformat(),
        "subject": entry.name,
        "data": data,
    }
    if shop_id := names.shop_id(entry.name):
        said["shopid"] = shop_id
    return event_from(said, LEARNING.types, strict=True)


def _sender(entry: Entry) -> str:
    kind = LEARNING.newest[f"relearn.{entry.kind}"]
    asked = "/console/reviewers" if kind in LEARNING.inputs[1].types else "/web/assistant"
    return SENDERS.get(entry.kind, asked)
