"""What can be read. Lists come page by page, `page_size` at a time (200 at most).

`shop` may be left out with a key of one shop; lists that span shops are then of all that the key sees.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import quote
from uuid import UUID

from relearn_client.http.answers.audit import AuditEntry
from relearn_client.http.answers.executions import Calibration, Execution, Tier, TrendDay
from relearn_client.http.answers.history import Conversation, ItemsOfDay, ResponsesOfDay
from relearn_client.http.answers.knowledge import Found, Knowledge, KnowledgePiece
from relearn_client.http.answers.queue import Item, QueueEntry
from relearn_client.http.call import Call, Page, json_object, listing, paging, reading

ItemStatus = Literal["pending", "approved", "rejected", "applied"]
SourceType = Literal["feedback", "correction", "transcript", "manual"]
KnowledgeStatus = Literal["live", "superseded", "retracted"]
Domain = Literal["learning", "executions"]
Sort = Literal[
    "created_at", "-created_at", "updated_at", "-updated_at", "confidence_score", "-confidence_score"
]


def search(question: str, *, shop: int | None = None, limit: int = 5) -> Call[Found]:
    """What answers a question, best first, 50 at most: by question, by answer and by words."""
    return reading("/api/knowledge/search", Found, {"q": question, "shop_id": shop, "limit": limit})


def knowledge(
    *,
    status: KnowledgeStatus = "live",
    category: str | None = None,
    shop: int | None = None,
    page_size: int = 50,
) -> Call[Page[Knowledge]]:
    """A shop's knowledge, oldest first."""
    wanted = {"status": status, "category": category, "shop_id": shop, "limit": page_size}
    return paging("/api/knowledge", Knowledge, wanted)


def get_knowledge(id: UUID, *, shop: int | None = None) -> Call[KnowledgePiece]:
    """One piece of knowledge: its versions, its history, and its line from event to knowledge."""
    return reading(f"/api/knowledge/{id}", KnowledgePiece, {"shop_id": shop})


def get_conversation(id: UUID, *, shop: int | None = None) -> Call[Conversation]:
    """One conversation, what was said about it, and the items that came of it."""
    return reading(f"/api/conversations/{id}", Conversation, {"shop_id": shop})


def queue(
    *,
    status: ItemStatus | None = None,
    source_type: SourceType | None = None,
    category: str | None = None,
    min_confidence: int | None = None,
    max_confidence: int | None = None,
    assigned: UUID | Literal["me", "nobody", "anybody"] | None = None,
    text: str | None = None,
    sort: Sort = "created_at",
    shop: int | None = None,
    page_size: int = 50,
) -> Call[Page[QueueEntry]]:
    """Items. `text`: words or parts of words that all stand in the question or in what is proposed."""
    wanted = {
        "status": status,
        "source_type": source_type,
        "category": category,
        "min_confidence": min_confidence,
        "max_confidence": max_confidence,
        "assigned": assigned,
        "text": text,
        "sort": sort,
        "shop_id": shop,
        "limit": page_size,
    }
    return paging("/api/queue", QueueEntry, wanted)


def pending(
    *, source_type: SourceType | None = None, shop: int | None = None, page_size: int = 50
) -> Call[Page[QueueEntry]]:
    """Items that wait for a reviewer, oldest first."""
    wanted = {"source_type": source_type, "shop_id": shop, "limit": page_size}
    return paging("/api/feedback/pending", QueueEntry, wanted)


def get_item(id: UUID, *, shop: int | None = None) -> Call[Item]:
    """One item: its sources, neighbours, history, and what it is in conflict with."""
    return reading(f"/api/queue/{id}", Item, {"shop_id": shop})


def audit(
    *,
    entity_id: UUID | None = None,
    actor: str | None = None,
    action: str | None = None,
    from_time: datetime | None = None,
    to_time: datetime | None = None,
    shop: int | None = None,
    page_size: int = 50,
) -> Call[Page[AuditEntry]]:
    """What was decided, latest first; times with a zone, `to_time` not within."""
    wanted = {
        "entity_id": entity_id,
        "actor": actor,
        "action": action,
        "from_time": from_time,
        "to_time": to_time,
        "shop_id": shop,
        "limit": page_size,
    }
    return paging("/api/audit", AuditEntry, wanted)


def why(id: UUID | str, *, domain: Domain = "learning") -> Call[dict[str, Any]]:
    """Where something comes from, up to what is live now: the tree that `relearn why --json` prints.

    `id`: of an item, a piece of knowledge or a task, or `PARTITION:OFFSET` of the log.
    """
    return Call("GET", f"/api/why/{quote(str(id), safe=':')}", json_object, query=(("domain", domain),))


def learning_metrics(
    *,
    source_type: SourceType | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    shop: int | None = None,
) -> Call[tuple[ItemsOfDay, ...]]:
    """How many items began, by day, source and state; refreshed nightly."""
    wanted = {"source_type": source_type, "first_day": first_day, "last_day": last_day, "shop_id": shop}
    return listing("/api/metrics/learning", ItemsOfDay, wanted)


def response_metrics(
    *,
    response_type: str | None = None,
    first_day: date | None = None,
    last_day: date | None = None,
    shop: int | None = None,
) -> Call[tuple[ResponsesOfDay, ...]]:
    """How answers fared, by day and type; refreshed hourly."""
    wanted = {"response_type": response_type, "first_day": first_day, "last_day": last_day, "shop_id": shop}
    return listing("/api/metrics/responses", ResponsesOfDay, wanted)


def recent_executions(
    *, repo: str | None = None, task_type: str | None = None, limit: int = 50
) -> Call[tuple[Execution, ...]]:
    """The latest executions, latest first. They belong to no shop: this takes a key of all shops, as do the next."""
    wanted = {"repo": repo, "task_type": task_type, "limit": limit}
    return listing("/api/executions/recent", Execution, wanted)


def similar_executions(
    description: str, *, task_type: str | None = None, limit: int = 10
) -> Call[tuple[Execution, ...]]:
    """Past executions whose type and description mean nearly the same, nearest first."""
    wanted = {"q": description, "task_type": task_type, "limit": limit}
    return listing("/api/executions/similar", Execution, wanted)


def best_tiers(repo: str, task_type: str) -> Call[tuple[Tier, ...]]:
    """The tiers that ended such tasks of a repo, best first, each with its evidence."""
    return listing("/api/executions/best", Tier, {"repo": repo, "task_type": task_type})


def execution_trend(repo: str, *, days: int = 90) -> Call[tuple[TrendDay, ...]]:
    """How a repo's tasks went, day by day, 90 days at most."""
    return listing("/api/executions/trend", TrendDay, {"repo": repo, "days": days})


def calibration() -> Call[tuple[Calibration, ...]]:
    """How right routers were about success and cost, by tier."""
    return listing("/api/executions/calibration", Calibration, {})
