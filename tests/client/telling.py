"""A routing to tell of, and what a capture holds."""

from __future__ import annotations

from typing import Any

import orjson

from relearn_client import TelemetryCapture

NOBODY = "127.0.0.1:1"
"""Where no broker answers."""

ROUTING: dict[str, Any] = {
    "task_id": "billing-4711",
    "task_type": "bugfix",
    "task_description": "Refunds are dated in UTC.",
    "repo": "billing",
    "file_count": 2,
    "estimated_tokens": 14_000,
    "model_tier": "medium",
    "pool_type": "container",
    "routing_confidence": 0.8,
}


async def told(capture: TelemetryCapture) -> list[dict[str, Any]]:
    """The events that wait in a capture that was not started, oldest first."""
    if not len(capture._buffer):
        return []
    return [orjson.loads(message.value) for message in await capture._buffer.take(1000)]


def kinds(events: list[dict[str, Any]]) -> list[str]:
    """What each is about: routed, started, completed or feedback-given."""
    return [event["type"].split(".")[2] for event in events]
