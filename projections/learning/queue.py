"""Items: proposed, strengthened, disputed, reviewed, applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pgvector import Vector

from projections.change import Change, Row, Statement
from projections.learning import item_rows as rows
from projections.learning import keys
from projections.learning.values import id_list, neighbours, vector_of
from projections.projection import Logged
from projections.values import as_json, moment
from schemas import learning as out
from schemas.standing import ItemState, Kind, Match, Parts, SecondPairFor, Source
from schemas.words import words_at

CONTENT: tuple[Kind, ...] = ("answer", "complaint", "question")
"""What is proposed: the first of these that there is."""


def change(statement: Statement, row: Row, outcome: out.ItemOutcome) -> Change:
    """A change of the outcome's item and of no other."""
    return Change(
        statement, row, (keys.item(outcome.shop_id, outcome.item_id),), (keys.items(outcome.shop_id),)
    )


def state_of(outcome: out.ItemOutcome) -> ItemState:
    """The item's state from now on. Raises ValueError if the outcome does not tell."""
    state = outcome.now or outcome.was
    if state is None:
        raise ValueError(f"{type(outcome).__name__} of item {outcome.item_id} tells no state")
    return state


def becomes(log: Logged, outcome: out.ItemOutcome) -> Iterator[Change]:
    """The new state, if it is another."""
    if (now := outcome.now) is not None:
        row = rows.StateRow(
            outcome.shop_id, outcome.item_id, now.status, now.version, now.confidence, now.target, log.at
        )
        yield change(rows.SET_STATE, row, outcome)
    yield from looked_at(log, outcome)


def looked_at(log: Logged, outcome: out.ItemOutcome) -> Iterator[Change]:
    """Whether it needs a second pair of eyes, if that is news."""
    if (needed := outcome.needs_second_pair) is not None:
        row = rows.SecondPairRow(outcome.shop_id, outcome.item_id, needed, log.at)
        yield change(rows.SET_SECOND_PAIR, row, outcome)


def listed(log: Logged, outcome: out.ItemProposed | out.ItemCorroborated) -> dict[str, Any]:
    """A source as it stands in an item's metadata, with the items that it contradicted when it came."""
    source = outcome.source
    told = {
        "source_id": source.source_id,
        "source_type": source.source_type,
        "base_confidence": source.base_confidence,
        "conversation_id": source.conversation_id,
        "actor_id": source.actor_id,
        "at": moment(log.event.time),
        "conflicts": id_list(outcome.conflicts_with),
    }
    return told if outcome.second_pair_for is None else told | asked_for(log, outcome.second_pair_for)


def asked_for(log: Logged, reason: SecondPairFor) -> dict[str, Any]:
    """Why a second pair of eyes is asked for; of an import, also what it is."""
    if reason != "import":
        return {"second_pair_for": reason}
    data = log.event.data
    return {
        "second_pair_for": reason,
        "imported_as": {"source": data.source, "external_id": data.external_id},
    }


def metadata_of(
    log: Logged,
    content: Kind,
    target: UUID | None,
    sources: Sequence[Any],
    conflicts: Sequence[UUID] = (),
    matches: Sequence[Match] = (),
    **more: Any,
) -> str:
    """A new item's metadata: all that the later statements extend is there."""
    return as_json(
        {
            "content": content,
            "sources": sources,
            "neighbours": neighbours(matches),
            "policy": log.record.policy,
            "conflicts": id_list(conflicts),
            "target": target,
            "disputes": 0,
            "disputed_by": [],
            "related": [],
            **more,
        }
    )


def second_pair(outcome: out.ItemOutcome) -> dict[str, Any]:
    """What a new item's metadata says of a second pair of eyes: nothing where none is asked for."""
    return {} if outcome.needs_second_pair is None else {"needs_second_pair": outcome.needs_second_pair}


def proposed_part(parts: Parts) -> tuple[Kind, str]:
    """Which kind of text is proposed, and where it stands in the event."""
    for kind in CONTENT:
        part: str | None = getattr(parts, kind)
        if part is not None:
            return kind, part
    raise ValueError("an item without words")


def filled_content(parts: Parts, filled: Sequence[Kind]) -> tuple[Kind | None, str | None]:
    """The answer, or else the complaint, that the item had not and now has."""
    for kind in CONTENT[:2]:
        if kind in filled:
            return kind, getattr(parts, kind)
    return None, None


def added_source(log: Logged, outcome: out.ItemOutcome, source: Source, similarity: float | None) -> Change:
    shop_id = outcome.shop_id
    row = rows.SourceRow(
        shop_id,
        outcome.item_id,
        source.source_id,
        source.source_type,
        source.conversation_id,
        source.actor_id,
        source.base_confidence,
        similarity,
        log.event.time,
    )
    reads = (
        keys.sources(shop_id, outcome.item_id),
        keys.items(shop_id),
        keys.correction(shop_id, source.source_id),
    )
    return Change(rows.ADD_SOURCE, row, reads=reads)


def linked(log: Logged, outcome: out.ItemOutcome, others: Sequence[UUID]) -> Iterator[Change]:
    """The items that are contradicted hear of this one."""
    shop_id = outcome.shop_id
    for other in others:
        row = rows.LinkRow(shop_id, other, as_json([str(outcome.item_id)]), log.at)
        yield Change(rows.LINK, row, (keys.item(shop_id, other),), (keys.items(shop_id),))


def proposed(log: Logged, outcome: out.ItemProposed) -> Iterator[Change]:
    """A new item with words and vectors of the event."""
    state, source, parts, data = state_of(outcome), outcome.source, outcome.parts, log.event.data
    kind, part = proposed_part(parts)
    row = rows.ProposedRow(
        shop_id=outcome.shop_id,
        id=outcome.item_id,
        status=state.status,
        source_type=source.source_type,
        source_id=source.source_id,
        content=content_at(data, part),
        question=words_at(data, parts.question),
        category=outcome.category,
        embedding=vector_of(log, part),
        question_embedding=vector_of(log, parts.question),
        confidence=state.confidence,
        version=state.version,
        metadata=metadata_of(
            log,
            kind,
            state.target,
            [listed(log, outcome)],
            outcome.conflicts_with,
            outcome.matches,
            **second_pair(outcome),
        ),
        created_at=log.event.time,
        at=log.at,
    )
    yield change(rows.PROPOSE, row, outcome)
    yield added_source(log, outcome, source, None)
    yield from linked(log, outcome, outcome.conflicts_with)


def content_at(data: Any, part: str) -> str:
    """The words that a part names. Raises ValueError if there are none."""
    words = words_at(data, part)
    if words is None:
        raise ValueError(f"the event has no {part}")
    return words


def corroborated(log: Logged, outcome: out.ItemCorroborated) -> Iterator[Change]:
    """One source more; what the item lacked is filled from the event."""
    state, parts, data = state_of(outcome), outcome.parts, log.event.data
    kind, part = filled_content(parts, outcome.filled)
    question = parts.question if "question" in outcome.filled else None
    row = rows.CorroboratedRow(
        shop_id=outcome.shop_id,
        id=outcome.item_id,
        status=state.status,
        version=state.version,
        confidence=state.confidence,
        target=state.target,
        category=outcome.category,
        question=words_at(data, question),
        question_embedding=vector_of(log, question),
        kind=kind,
        content=words_at(data, part),
        embedding=vector_of(log, part),
        sources=as_json([listed(log, outcome)]),
        neighbours=as_json(neighbours(outcome.matches)),
        conflicts=as_json(id_list(outcome.conflicts_with)),
        at=log.at,
    )
    yield change(rows.CORROBORATE, row, outcome)
    yield from looked_at(log, outcome)
    yield added_source(log, outcome, outcome.source, outcome.similarity)
    yield from linked(log, outcome, outcome.conflicts_with)


def disputed(log: Logged, outcome: out.ItemDisputed) -> Iterator[Change]:
    row = rows.NoteRow(outcome.shop_id, outcome.item_id, as_json([about_source(outcome)]), "[]", log.at)
    yield change(rows.NOTE, row, outcome)
    yield from becomes(log, outcome)


def related(log: Logged, outcome: out.ItemRelated) -> Iterator[Change]:
    row = rows.NoteRow(outcome.shop_id, outcome.item_id, "[]", as_json([about_source(outcome)]), log.at)
    yield change(rows.NOTE, row, outcome)
    yield from becomes(log, outcome)


def about_source(outcome: out.ItemDisputed | out.ItemRelated) -> dict[str, Any]:
    return {"source_id": outcome.source_id, "similarity": outcome.similarity}


def approved(log: Logged, outcome: out.ItemApproved) -> Iterator[Change]:
    """The reviewer's own words, where edited, take the place of what was proposed."""
    words = content_at(log.event.data, "answer") if outcome.edited else None
    vector: Vector | None = vector_of(log, "answer") if outcome.edited else None
    row = rows.ApprovedRow(
        outcome.shop_id, outcome.item_id, outcome.category, outcome.reviewer_id, words, vector, log.at
    )
    yield change(rows.APPROVE, row, outcome)
    yield from becomes(log, outcome)


def rejected(log: Logged, outcome: out.ItemRejected) -> Iterator[Change]:
    row = rows.RejectedRow(outcome.shop_id, outcome.item_id, outcome.reviewer_id, log.at)
    yield change(rows.REJECT, row, outcome)
    yield from becomes(log, outcome)


def assigned(log: Logged, outcome: out.ItemAssigned) -> Iterator[Change]:
    row = rows.AssignedRow(outcome.shop_id, outcome.item_id, outcome.reviewer_id, log.at, log.at)
    yield change(rows.ASSIGN, row, outcome)
    yield from becomes(log, outcome)


def released(log: Logged, outcome: out.ItemReleased) -> Iterator[Change]:
    yield change(rows.ASSIGN, rows.AssignedRow(outcome.shop_id, outcome.item_id, None, None, log.at), outcome)
    yield from becomes(log, outcome)


def returned(log: Logged, outcome: out.ItemOutcome) -> Iterator[Change]:
    """Pending again, as if never reviewed; its corrections are not applied (any more)."""
    yield change(rows.RETURN, rows.ItemRow(outcome.shop_id, outcome.item_id, log.at), outcome)
    yield from becomes(log, outcome)
    yield marked(outcome, None)


def applied(log: Logged, outcome: out.ItemApplied) -> Iterator[Change]:
    """The item is in the knowledge base, and with it the corrections behind it."""
    yield change(rows.APPLY, rows.ItemRow(outcome.shop_id, outcome.item_id, log.at), outcome)
    yield from becomes(log, outcome)
    yield marked(outcome, log.at)


def marked(outcome: out.ItemOutcome, applied_at: datetime | None) -> Change:
    """When the corrections behind the item became knowledge."""
    row = rows.CorrectionsRow(outcome.shop_id, outcome.item_id, applied_at)
    return Change(
        rows.MARK_CORRECTIONS,
        row,
        (keys.sources(outcome.shop_id, outcome.item_id),),
        (keys.items(outcome.shop_id),),
    )
