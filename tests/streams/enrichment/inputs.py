"""Inputs for the tests: events as services and reviewers send them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import orjson

from runtime.encoder import Embedding
from streams.enrichment.check import RawInput, home_of

PARTITIONS = 4
NOW_MS = int(datetime(2026, 5, 4, 12, tzinfo=UTC).timestamp() * 1000)

FEEDBACK = "relearn.feedback.given.v1"
CORRECTION = "relearn.response.corrected.v1"
SERVED = "relearn.response.served.v1"
APPLY = "relearn.apply.requested.v1"
TICK = "relearn.tick.v1"


def at(ms: int, **shift: float) -> str:
    return (datetime.fromtimestamp(ms / 1000, UTC) + timedelta(**shift)).isoformat()


def event(kind: str, shop: int | None, data: dict[str, Any], /, **attributes: Any) -> dict[str, Any]:
    said = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "test",
        "type": kind,
        "time": at(NOW_MS),
        "data": data,
    }
    return said | ({} if shop is None else {"shopid": shop}) | attributes


def feedback(shop: int = 7, *, said: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    data = {"conversation_id": str(uuid4()), "feedback_type": "thumbs_down", "reason": "too slow"}
    return event(FEEDBACK, shop, data | (said or {}), **attributes)


def tick(partition: int, **attributes: Any) -> dict[str, Any]:
    return event(TICK, None, {"partition": partition}, **attributes)


def served(shop: int = 7, **attributes: Any) -> dict[str, Any]:
    data = {"conversation_id": str(uuid4()), "response_text": "At ten.", "response_type": "hours"}
    return event(SERVED, shop, data, **attributes)


def key_of(shop: int) -> bytes:
    return str(shop).encode()


def home(shop: int) -> int:
    return home_of(key_of(shop), PARTITIONS)


def raw(
    value: dict[str, Any] | bytes | None,
    *,
    topic: str = "learning.events",
    partition: int | None = None,
    key: bytes | None = b"7",
    offset: int = 0,
    headers: Sequence[tuple[str, bytes]] = (),
) -> RawInput:
    """An input of shop 7, at home, unless told otherwise."""
    place = home(7) if partition is None else partition
    sent = orjson.dumps(value) if isinstance(value, dict) else value
    return RawInput(topic, place, offset, NOW_MS, key, sent, tuple(headers))


def now() -> str:
    return at(int(time.time() * 1000))


class LetterCounts:
    """An embedder whose vectors count letters: fast, and the same everywhere."""

    model = "letter-counts"

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    async def embed(self, texts: Sequence[str], /) -> list[Embedding]:
        self.calls.append(list(texts))
        return [Embedding(self.vector(text), len(text) > 1000) for text in texts]

    @staticmethod
    def vector(text: str) -> np.ndarray[Any, np.dtype[np.float32]]:
        counts = np.array([1 + text.lower().count(letter) for letter in "aeinorst"], np.float32)
        return (counts / np.linalg.norm(counts)).astype(np.float32)
