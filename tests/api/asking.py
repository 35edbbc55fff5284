"""A request to each operation that could be accepted. A new operation needs its line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx
import orjson

from tests.api.operations import Operation

OWN, FOREIGN = 7, 8
"""Shops."""

LOOK_SECONDS = 0.5
"""How long an answer that never ends is read."""

EVENTS = "/api/events"
IMPORT = "/api/knowledge/import"


def some() -> str:
    return str(uuid4())


def now() -> str:
    return datetime.now(UTC).isoformat()


BODIES: Mapping[str, Callable[[], dict[str, Any]]] = {
    "/api/conversations": lambda: {
        "conversation_id": some(),
        "user_id": "ann",
        "channel": "web",
        "messages": [{"role": "user", "content": "When?"}, {"role": "assistant", "content": "At noon."}],
    },
    "/api/transcripts": lambda: {"transcript": "user: When do you open?", "sentiment": "neutral"},
    "/api/responses": lambda: {
        "conversation_id": some(),
        "response_text": "At noon.",
        "response_type": "answer",
    },
    "/api/knowledge": lambda: {"content": "We open at noon.", "question": "When do you open?"},
    "/api/feedback/rating": lambda: {
        "conversation_id": some(),
        "feedback_type": "thumbs_up",
        "question": "When?",
        "response": "At noon.",
    },
    "/api/feedback/correction": lambda: {
        "conversation_id": some(),
        "question": "When do you close?",
        "original_response": "At noon.",
        "corrected_answer": "At midnight.",
    },
    "/api/tasks/routed": lambda: {
        "task_id": some(),
        "task_type": "fix",
        "task_description": "Mend the door.",
        "repo": "house",
        "file_count": 1,
        "estimated_tokens": 100,
        "model_tier": "small",
        "pool_type": "day",
        "routing_confidence": 0.5,
    },
    "/api/tasks/started": lambda: {"task_id": some(), "pool_id": "day", "started_at": now()},
    "/api/tasks/completed": lambda: {"task_id": some(), "success": True, "duration_seconds": 1.5},
    "/api/tasks/feedback": lambda: {"task_id": some(), "accepted": True, "by": "ann"},
    "/api/queue/{id}/approve": lambda: {"note": "right"},
    "/api/queue/{id}/reject": lambda: {"note": "wrong"},
    "/api/queue/{id}/assign": dict,
    "/api/queue/{id}/release": dict,
    "/api/queue/bulk": lambda: {"action": "reject", "item_ids": [some(), some()]},
    "/api/queue/{id}/sources/{source_id}/revert": dict,
    "/api/knowledge/{id}/edit": lambda: {"content": "We open at one.", "reason": "it changed"},
    "/api/knowledge/{id}/retract": lambda: {"reason": "it changed"},
    "/api/knowledge/{id}/rollback": lambda: {"reason": "it was right before"},
    "/api/apply": lambda: {"limit": 1},
    "/api/policy/adopt": lambda: {"domain": "executions", "policy": {}},
}
"""What each takes, but for its shop."""

OTHERWISE: Mapping[str, Mapping[str, Any]] = {
    "/api/policy/adopt": {"domain": "learning"},
    **{path: {"task_id": "another"} for path in BODIES if path.startswith("/api/tasks/")},
}
"""What makes it another request; where nothing is said, another shop does."""

QUERIES: Mapping[str, Any] = {
    "source": "tests",
    "q": "When do you open?",
    "repo": "house",
    "task_type": "fix",
}
"""Parameters that have to be named, but for the shop."""


def event(shop: int) -> dict[str, Any]:
    """A CloudEvent in its structured form."""
    return {
        "specversion": "1.0",
        "id": some(),
        "source": "/tests",
        "type": "relearn.feedback.given.v1",
        "time": now(),
        "shopid": shop,
        "data": {"conversation_id": some(), "feedback_type": "thumbs_up"},
    }


def body_for(operation: Operation, shop: int | None) -> dict[str, Any]:
    """A body that can be accepted, about this shop where it is about one."""
    body = BODIES[operation.path]()
    return body | {"shop_id": shop} if shop is not None and "shop_id" in operation.fields else body


def place(operation: Operation, ids: Mapping[str, UUID] | None = None) -> str:
    """Its path, about the things with these ids by their names; about nothing that there is without."""
    names = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    found = {name: str((ids or {}).get(name) or uuid4()) for name in names}
    return operation.path.format(**found)


def query_for(operation: Operation, shop: int | None) -> dict[str, Any]:
    """What has to be named, and the shop where it can be."""
    names = {each["name"]: each.get("required", False) for each in operation.queries}
    told = {name: QUERIES[name] for name, required in names.items() if required and name != "shop_id"}
    return told | {"shop_id": shop} if shop is not None and "shop_id" in names else told


def ask(
    caller: httpx.Client,
    operation: Operation,
    shop: int | None = OWN,
    ids: Mapping[str, UUID] | None = None,
    **headers: str,
) -> tuple[int, str]:
    """What it answers: the status, and the text as far as it comes at once."""
    content: bytes | None = None
    if operation.path == EVENTS:
        content = orjson.dumps(event(shop or OWN))
        headers["content-type"] = "application/cloudevents+json"
    elif operation.path == IMPORT:
        content = b'{"content": "We open at noon."}\n'
        headers["content-type"] = "application/x-ndjson"
    elif operation.content:
        content = orjson.dumps(body_for(operation, shop))
        headers["content-type"] = "application/json"
    request = caller.build_request(
        operation.method,
        place(operation, ids),
        params=query_for(operation, shop),
        content=content,
        headers=headers,
        timeout=httpx.Timeout(60, read=LOOK_SECONDS if operation.method == "GET" else 60),
    )
    answer = caller.send(request, stream=True)
    text = bytearray()
    try:
        for piece in answer.iter_bytes():
            text += piece
    except httpx.ReadTimeout:
        assert answer.headers["content-type"].startswith("text/event-stream")
    finally:
        answer.close()
    return answer.status_code, text.decode()
