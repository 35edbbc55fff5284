"""How parts of a record are written into columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from pgvector import Vector as PgVector

from projections.projection import Logged
from schemas.standing import Match


def id_list(ids: Iterable[UUID]) -> list[str]:
    """Ids as they stand in a JSON list: each once, in order of their digits."""
    return sorted({str(id) for id in ids})


def joined(earlier: str, later: str) -> str:
    """Two JSON lists, one after the other, as JSON text."""
    if later == "[]":
        return earlier
    return later if earlier == "[]" else f"{earlier[:-1]},{later[1:]}"


def vector_of(log: Logged, part: str | None) -> PgVector | None:
    """The vector that the enricher computed of this part; None if there is no such text."""
    embedded = None if part is None else log.record.enrichment.vectors.get(part)
    return None if embedded is None else PgVector(embedded.vector)


def neighbours(matches: Iterable[Match]) -> list[dict[str, Any]]:
    """What something was compared with, for a reviewer."""
    return [
        {
            "entity": m.entity,
            "id": m.id,
            "relation": m.relation,
            "by": m.by,
            "similarity": m.similarity,
            "answer_similarity": m.answer_similarity,
        }
        for m in matches
    ]
