"""Conversations, and how many of what there was."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from relearn_client.http.answers.queue import ItemGlance
from relearn_client.http.answers.told import Told


class Conversation(Told):
    """A conversation, what was said about it, each oldest first, and the items that it is a source of.

    Rows are as the tables have them.
    """

    row: Mapping[str, Any]
    feedback: tuple[Mapping[str, Any], ...]
    corrections: tuple[Mapping[str, Any], ...]
    calls: tuple[Mapping[str, Any], ...]
    responses: tuple[Mapping[str, Any], ...]
    items: tuple[ItemGlance, ...]


class ItemsOfDay(Told):
    """How many items began on a day (UTC), by the state in which the last refresh found them."""

    date: date
    shop_id: int
    source_type: str
    status: str
    count: int
    avg_confidence: float | None


class ResponsesOfDay(Told):
    """How a day's answers fared. `avg_response_time` in milliseconds, `conversion_rate` from 0 to 1."""

    date: date
    shop_id: int
    response_type: str
    total_responses: int
    avg_engagement: float | None
    conversion_rate: float | None
    avg_response_time: float | None
