"""What was decided, outcome by outcome."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from relearn_client.http.answers.told import Told


class Change(Told):
    """One outcome in the history of an item or a piece of knowledge."""

    at: datetime
    actor: str | None
    action: str
    entity: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    event_id: str | None
    log_partition: int
    log_offset: int
    policy: str | None


class AuditEntry(Change):
    """One outcome in the audit of everything."""

    shop_id: int
    id: UUID
    entity_id: UUID | None
    topic: str


class OutcomeEvent(AuditEntry):
    """One outcome as the stream tells it. `stream_id`: name it to go on after it."""

    stream_id: str
