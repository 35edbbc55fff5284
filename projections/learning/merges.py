"""A source leaves an item and becomes one of its own."""

from __future__ import annotations

from collections.abc import Iterator

from projections.change import Change, Row, Statement
from projections.learning import item_rows as rows
from projections.learning import keys
from projections.learning.queue import CONTENT, becomes, metadata_of, second_pair, state_of
from projections.projection import Logged
from projections.values import vector_from
from schemas.learning import ItemOutcome, ItemSplit, MergeReverted
from schemas.standing import Kind, Words


def change(statement: Statement, row: Row, outcome: ItemOutcome) -> Change:
    """A change that reaches items which the outcome does not name: those in conflict with this one."""
    return Change(statement, row, (keys.items(outcome.shop_id), keys.item(outcome.shop_id, outcome.item_id)))


def proposed_words(words: Words) -> tuple[Kind, str]:
    """The kind of text that is proposed, and the text."""
    for kind in CONTENT:
        text: str | None = getattr(words, kind)
        if text is not None:
            return kind, text
    raise ValueError("an item without words")


def split(log: Logged, outcome: ItemSplit) -> Iterator[Change]:
    """The new item, while the source is still listed with the old one."""
    state, words = state_of(outcome), outcome.words
    kind, content = proposed_words(words)
    row = rows.SplitRow(
        shop_id=outcome.shop_id,
        id=outcome.item_id,
        split_from=outcome.split_from,
        source_id=outcome.source.source_id,
        status=state.status,
        source_type=outcome.source.source_type,
        content=content,
        question=words.question,
        category=words.category,
        embedding=vector_from(words.vectors.get(kind)),
        question_embedding=vector_from(words.vectors.get("question")),
        confidence=state.confidence,
        version=state.version,
        metadata=metadata_of(
            log, kind, state.target, [], split_from=outcome.split_from, **second_pair(outcome)
        ),
        created_at=log.event.time,
        at=log.at,
    )
    yield change(rows.SPLIT, row, outcome)
    yield change(rows.LINK_SPLIT, rows.ItemRow(outcome.shop_id, outcome.item_id, log.at), outcome)


def reverted(log: Logged, outcome: MergeReverted) -> Iterator[Change]:
    """The old item, without the source and what only that contradicted."""
    shop_id, words = outcome.shop_id, outcome.words
    kind, content = proposed_words(words)
    row = rows.RevertedRow(
        shop_id=shop_id,
        id=outcome.item_id,
        source_id=outcome.source_id,
        kind=kind,
        content=content,
        embedding=vector_from(words.vectors.get(kind)),
        question=words.question,
        question_embedding=vector_from(words.vectors.get("question")),
        category=words.category,
        at=log.at,
    )
    moved = rows.MovedSourceRow(shop_id, outcome.item_id, outcome.source_id, outcome.new_item_id)
    yield Change(
        rows.MOVE_SOURCE,
        moved,
        (keys.sources(shop_id, outcome.item_id), keys.sources(shop_id, outcome.new_item_id)),
    )
    yield change(rows.REVERT, row, outcome)
    yield change(rows.UNLINK, rows.ItemRow(shop_id, outcome.item_id, log.at), outcome)
    yield from becomes(log, outcome)
