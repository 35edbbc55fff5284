"""Conversations, and what refers to them before they arrive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from pgvector import Vector

from projections.change import Change, Statement, keep, replace
from projections.learning import keys
from projections.learning.values import vector_of
from projections.projection import Logged
from projections.values import as_json
from schemas.stored import ConversationStored
from schemas.words import transcript_of


class ShopRow(NamedTuple):
    shop_id: int
    partition: int


class StubRow(NamedTuple):
    shop_id: int
    id: UUID


class ConversationRow(NamedTuple):
    shop_id: int
    id: UUID
    user_id: str
    channel: str
    transcript: str
    summary: str | None
    embedding: Vector | None
    metadata: str
    created_at: datetime


SEE_SHOP = Statement("see_shop", ShopRow, merge=keep)
SEE_CONVERSATION = Statement("see_conversation", StubRow, merge=keep)
STORE_CONVERSATION = Statement("store_conversation", ConversationRow, merge=replace)


def shop_seen(log: Logged, shop_id: int) -> Change:
    """The shop is one of this partition's, so that retention finds it."""
    row = ShopRow(shop_id, log.partition)
    return Change(SEE_SHOP, row, (keys.shop(shop_id),), (keys.kept(log.partition),))


def conversation_seen(shop_id: int, id: UUID) -> Change:
    """There is a row to refer to."""
    return Change(SEE_CONVERSATION, StubRow(shop_id, id), (keys.conversation(shop_id, id),))


def stored(log: Logged, outcome: ConversationStored) -> Iterator[Change]:
    """The conversation as it is now known. The words commute with the stub, which leaves them alone."""
    event, shop_id = log.event, outcome.shop_id
    data = event.data
    yield shop_seen(log, shop_id)
    row = ConversationRow(
        shop_id=shop_id,
        id=outcome.id,
        user_id=data.user_id,
        channel=data.channel,
        transcript=transcript_of(data.messages),
        summary=data.summary,
        embedding=vector_of(log, "document"),
        metadata=as_json({**data.metadata, "review_reasons": outcome.review_reasons}),
        created_at=event.time,
    )
    yield Change(STORE_CONVERSATION, row, (keys.words(shop_id, outcome.id),), (keys.kept(log.partition),))
