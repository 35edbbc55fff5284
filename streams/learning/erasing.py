"""A record without the words of whoever was erased later, for a copy of the log.

Nothing else of it changes: where a text was, there is one still, with a vector that is near to nothing. So whatever
followed from the text follows again, and the erasure itself, further down in the log, finds what it takes away.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from schemas import codec, review
from schemas.call import CallTranscribed
from schemas.conversation import ConversationRecorded
from schemas.correction import ResponseCorrected
from schemas.enriched import Embedded, Enrichment
from schemas.event import Event, EventData, ShopData
from schemas.feedback import FeedbackGiven
from schemas.knowledge import KnowledgeImported, KnowledgeProposed
from schemas.learning import (
    ItemCorroborated,
    ItemErased,
    ItemProposed,
    ItemSplit,
    MergeReverted,
    SubjectErased,
)
from schemas.outcome import Outcome
from schemas.record import Record
from schemas.response import ResponseServed
from schemas.standing import Source, Speaker, Words
from schemas.vector import from_text, to_text
from schemas.words import ERASED
from streams.learning.state import KINDS

NOBODY = "erased"
"""The person, where one was named."""

TEXTS: Mapping[type[ShopData], tuple[str, ...]] = {
    ConversationRecorded: ("summary",),
    FeedbackGiven: ("reason", "suggested_answer", "question", "response"),
    ResponseCorrected: ("question", "original_response", "corrected_answer", "correction_context"),
    CallTranscribed: ("transcript", "processed_summary", "question", "suggested_answer"),
    ResponseServed: ("response_text",),
    KnowledgeProposed: ("content", "question", "note"),
    KnowledgeImported: ("content", "question"),
    review.ItemApproved: ("note", "edited_content"),
    review.ItemRejected: ("note",),
    review.ItemsAssigned: (),
    review.ItemsReleased: (),
    review.ApplyRequested: (),
    review.KnowledgeEdited: ("reason", "content", "question"),
    review.KnowledgeRetracted: ("reason",),
    review.KnowledgeRolledBack: ("reason",),
    review.MergeReverted: (),
    review.SubjectErased: ("reason",),
}
"""Where people's words stand in what is about a shop."""

FREE: Mapping[type[ShopData], tuple[str, ...]] = {
    ConversationRecorded: ("metadata",),
    FeedbackGiven: ("metadata",),
    ResponseCorrected: ("metadata",),
    CallTranscribed: ("entities", "learning_insights", "metadata"),
    ResponseServed: ("metrics",),
}
"""Fields that may hold anything."""


@dataclass(frozen=True, slots=True)
class Erasures:
    """Who and what was erased in one partition's log, each with the seq of the last erasure: what stands before it
    is without their words.
    """

    actors: dict[tuple[int, str], int] = field(default_factory=dict)
    conversations: dict[tuple[int, UUID], int] = field(default_factory=dict)
    items: dict[tuple[int, UUID], int] = field(default_factory=dict)
    """Items that lost words."""

    def hides(self, seq: int, shop_id: int, actor: str | None, conversation: UUID | None) -> bool:
        """Whether something said so, in the record with this seq, was erased later."""
        return (actor is not None and self.actors.get((shop_id, actor), -1) >= seq) or (
            conversation is not None and self.conversations.get((shop_id, conversation), -1) >= seq
        )

    def hides_speaker(self, seq: int, shop_id: int, speaker: Speaker | Source) -> bool:
        return self.hides(seq, shop_id, speaker.actor_id, speaker.conversation_id)

    def __bool__(self) -> bool:
        return bool(self.actors or self.conversations)


def erasures(records: Iterable[Record]) -> Erasures:
    """The erasures that these records of one partition hold. One that is not finished erases nothing yet."""
    found = Erasures()
    begun: dict[tuple[int, str | None, UUID | None], set[UUID]] = {}
    for record in records:
        for outcome in record.outcomes:
            match outcome:
                case SubjectErased(shop_id=shop, actor_id=actor, conversation_id=conversation):
                    named = begun.pop((shop, actor, conversation), set()) | set(outcome.conversations)
                    if outcome.unfinished:
                        begun[shop, actor, conversation] = named
                        continue
                    found.conversations.update({(shop, id): record.seq for id in named})
                    if actor is not None:
                        found.actors[shop, actor] = record.seq
                case ItemErased(shop_id=shop, item_id=item):
                    found.items[shop, item] = record.seq
    return found


def erased(record: Record, erasures: Erasures) -> Record:
    """The record without the words that were erased later; itself where it has none."""
    if not erasures:
        return record
    outcomes = tuple(_outcome(record.seq, each, erasures) for each in record.outcomes)
    if any(new is not old for new, old in zip(outcomes, record.outcomes, strict=True)):
        record = replace(record, outcomes=outcomes)
    if record.event is None:
        return _unread(record, erasures)
    if not _is_hidden(record.seq, record.event, erasures):
        return _erasure(record, record.event, erasures)
    event = replace(record.event, subject=None, data=wordless(record.event.data))
    return replace(record, event=event, raw=codec.encode(event), enrichment=_enrichment(record.enrichment))


def _is_hidden(seq: int, event: Event[EventData], erasures: Erasures) -> bool:
    data = event.data
    if not isinstance(data, ShopData):
        return False
    user = data.user_id if isinstance(data, ConversationRecorded) else None
    return erasures.hides(seq, event.shop_id, data.actor_id, data.conversation) or erasures.hides(
        seq, event.shop_id, user, None
    )


def _erasure(record: Record, event: Event[Any], erasures: Erasures) -> Record:
    """An erasure that others asked for no longer names the person, either."""
    data = event.data
    if not isinstance(data, review.SubjectErased) or not erasures.hides(
        record.seq, event.shop_id, data.erased_actor_id, None
    ):
        return record
    event = replace(event, data=data.model_copy(update={"erased_actor_id": NOBODY}))
    return replace(record, event=event, raw=codec.encode(event))


def wordless(data: EventData) -> ShopData:
    """What an event says, without words and people. Texts that are there remain texts."""
    assert isinstance(data, ShopData)
    kind = type(data)
    changed: dict[str, Any] = {name: _text(getattr(data, name)) for name in TEXTS[kind]}
    changed |= {name: {} for name in FREE.get(kind, ())}
    changed |= {name: NOBODY for name in PEOPLE if getattr(data, name, None) is not None}
    if inner := INNER.get(kind):
        changed |= inner(data)
    return data.model_copy(update=changed)


PEOPLE = ("actor_id", "user_id", "erased_actor_id")


def _turns(data: ConversationRecorded) -> dict[str, Any]:
    messages = [each.model_copy(update={"content": _text(each.content)}) for each in data.messages]
    return {"messages": messages}


INNER: Mapping[type[ShopData], Callable[[Any], dict[str, Any]]] = {
    ConversationRecorded: _turns,
}
"""Words that stand deeper."""


def _text(said: str | None) -> str | None:
    """A text that says nothing goes on saying nothing."""
    return ERASED if said and said.strip() else said


def _enrichment(found: Enrichment) -> Enrichment:
    nothing = {
        part: Embedded(np.zeros_like(each.vector), each.truncated) for part, each in found.vectors.items()
    }
    return replace(found, vectors=nothing)


def _unread(record: Record, erasures: Erasures) -> Record:
    """An input that could not be read loses its bytes if it names anybody who was erased later: more is not known."""
    if not record.raw:
        return record
    names = {
        str(name)
        for known in (erasures.actors, erasures.conversations)
        for (_, name), seq in known.items()
        if seq >= record.seq
    }
    return replace(record, raw=b"") if _is_named(names, record.raw) else record


def _is_named(names: Collection[str], raw: bytes) -> bool:
    """Whether bytes that were meant to be JSON have one of these as a string, or, if they are none, anywhere."""
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError:
        text = raw.decode("utf-8", "replace")
        return any(name in text for name in names)
    return any(string in names for string in _strings(said))


def _strings(said: object) -> Iterator[str]:
    if isinstance(said, str):
        yield said
    elif isinstance(said, dict | list):
        for each in said.values() if isinstance(said, dict) else said:
            yield from _strings(each)


def _outcome(seq: int, outcome: Outcome, erasures: Erasures) -> Outcome:
    changed: dict[str, Any] = {}
    shop = outcome.shop_id
    match outcome:
        case ItemProposed(source=source) | ItemCorroborated(source=source) | ItemSplit(source=source):
            if erasures.hides_speaker(seq, shop, source):
                changed["source"] = _nobodys(source)
        case SubjectErased(actor_id=actor, conversation_id=id) if erasures.hides(seq, shop, actor, id):
            changed = {"actor_id": NOBODY if actor else None, "from_log": True}
    match outcome:
        case ItemSplit(words=words) | MergeReverted(words=words) | ItemErased(words=words):
            lost_words = erasures.items.get((shop, outcome.item_id), -1) > seq
            changed["words"] = _words(seq, shop, words, erasures, lost_words=lost_words)
    return outcome.model_copy(update=changed) if changed else outcome


def _nobodys(source: Source) -> Source:
    return source if source.actor_id is None else source.model_copy(update={"actor_id": NOBODY})


def _words(seq: int, shop: int, words: Words, erasures: Erasures, *, lost_words: bool) -> Words:
    """Where it is not said whose they are, they all go if the item has lost any."""
    changed: dict[str, Any] = {}
    vectors, speakers = dict(words.vectors), dict(words.speakers)
    for kind in KINDS:
        speaker = words.speakers.get(kind)
        is_hidden = lost_words if speaker is None else erasures.hides_speaker(seq, shop, speaker)
        if getattr(words, kind) is None or not is_hidden:
            continue
        changed[kind] = ERASED
        vectors[kind] = to_text(np.zeros_like(from_text(vectors[kind])))
        if speaker is not None and speaker.actor_id is not None:
            speakers[kind] = speaker.model_copy(update={"actor_id": NOBODY})
    return (
        words.model_copy(update={**changed, "vectors": vectors, "speakers": speakers}) if changed else words
    )
