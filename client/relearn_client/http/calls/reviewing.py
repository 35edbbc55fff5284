"""What reviewers decide. Whoever has the key is the reviewer.

All take `shop` (may be left out with a key of one shop), `wait` (seconds until the effect must be visible; the API
waits for 30 at most) and an `idempotency_key` of one's own, by which the same decision is taken once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal
from uuid import UUID

from relearn_client.http.answers.writing import Accepted, Decided
from relearn_client.http.call import Call, Write, writing, writing_all

Action = Literal["approve", "reject", "assign", "release"]
Domain = Literal["learning", "executions"]


def approve(
    item: UUID,
    *,
    item_version: int | None = None,
    edited_content: str | None = None,
    category: str | None = None,
    note: str | None = None,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
) -> Write:
    """The item may become knowledge, in other words if there are any; only if it has still this version."""
    said = {
        "item_version": item_version,
        "edited_content": edited_content,
        "category": category,
        "note": note,
        "shop_id": shop,
    }
    return writing(f"/api/queue/{item}/approve", said, wait, idempotency_key)


def reject(
    item: UUID,
    *,
    item_version: int | None = None,
    note: str | None = None,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
) -> Write:
    """The item will not become knowledge."""
    said = {"item_version": item_version, "note": note, "shop_id": shop}
    return writing(f"/api/queue/{item}/reject", said, wait, idempotency_key)


def assign(
    item: UUID, *, shop: int | None = None, wait: float | None = None, idempotency_key: str | None = None
) -> Write:
    """The caller takes the item: nobody else decides it meanwhile."""
    return writing(f"/api/queue/{item}/assign", {"shop_id": shop}, wait, idempotency_key)


def release(
    item: UUID, *, shop: int | None = None, wait: float | None = None, idempotency_key: str | None = None
) -> Write:
    """The caller gives the item back."""
    return writing(f"/api/queue/{item}/release", {"shop_id": shop}, wait, idempotency_key)


def bulk(
    action: Action,
    items: Iterable[UUID],
    *,
    note: str | None = None,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
) -> Call[tuple[Accepted | Decided, ...]]:
    """One decision about several items, 500 at most; the answer tells of each, in their order.

    Those that are assigned or released are one event, of which one answer tells.
    """
    said = {"action": action, "item_ids": list(items), "note": note, "shop_id": shop}
    return writing_all("/api/queue/bulk", said, wait, idempotency_key)


def revert_merge(
    item: UUID,
    source: UUID,
    *,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
) -> Write:
    """The source leaves the item, which it should not have joined, and gets its own."""
    path = f"/api/queue/{item}/sources/{source}/revert"
    return writing(path, {"shop_id": shop}, wait, idempotency_key)


def apply(
    *,
    limit: int | None = None,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
) -> Write:
    """Approved items of the shop become knowledge now, oldest first, so many at most (100 unless said)."""
    return writing("/api/apply", {"limit": limit, "shop_id": shop}, wait, idempotency_key)


def edit(
    knowledge: UUID,
    content: str,
    reason: str,
    *,
    question: str | None = None,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
) -> Write:
    """A new version that supersedes; without a question the old one is kept."""
    said = {"content": content, "reason": reason, "question": question, "shop_id": shop}
    return writing(f"/api/knowledge/{knowledge}/edit", said, wait, idempotency_key)


def retract(
    knowledge: UUID,
    reason: str,
    *,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
) -> Write:
    """The knowledge ends."""
    said = {"reason": reason, "shop_id": shop}
    return writing(f"/api/knowledge/{knowledge}/retract", said, wait, idempotency_key)


def rollback(
    knowledge: UUID,
    reason: str,
    *,
    shop: int | None = None,
    wait: float | None = None,
    idempotency_key: str | None = None,
) -> Write:
    """One version is undone."""
    said = {"reason": reason, "shop_id": shop}
    return writing(f"/api/knowledge/{knowledge}/rollback", said, wait, idempotency_key)


def adopt_policy(
    policy: Mapping[str, Any],
    *,
    domain: Domain = "learning",
    wait: float | None = None,
    idempotency_key: str | None = None,
) -> Call[tuple[Accepted | Decided, ...]]:
    """A policy comes into force for all shops; the answer tells of each partition. What it leaves out is as usual."""
    said = {"domain": domain, "policy": policy}
    return writing_all("/api/policy/adopt", said, wait, idempotency_key)
