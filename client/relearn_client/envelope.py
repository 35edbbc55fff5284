"""Events as messages: CloudEvents 1.0 in structured JSON, each with its topic and key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from relearn_client.event import EventData, ShopData, TaskData

MAX_SOURCE = 2000
MAX_SHOP = 2**31 - 1

NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
"""The character NUL as JSON writes it, but not a backslash before the word u0000."""


@dataclass(frozen=True, slots=True)
class Message:
    """What a broker is given of one event."""

    id: UUID
    topic: str
    key: bytes
    value: bytes


def utc_now() -> datetime:
    return datetime.now(UTC)


class Envelopes:
    """Puts one service's events into their envelopes."""

    def __init__(
        self,
        source: str,
        topic_prefix: str = "",
        *,
        now: Callable[[], datetime] = utc_now,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        """`source` says who speaks.

        Raises:
            ValueError: if `source` is empty or has more than 2,000 characters.
        """
        if not 1 <= len(source) <= MAX_SOURCE:
            raise ValueError(f"source must have 1 to {MAX_SOURCE} characters, not {len(source)}")
        self._source = source
        self._prefix = topic_prefix
        self._now = now
        self._new_id = new_id

    def about_shop(self, data: ShopData, shop: int, event_id: UUID | None = None) -> Message:
        """An event about a shop, keyed by its number in ASCII decimal.

        Raises:
            ValueError: if there can be no such shop, or if the data cannot be written as JSON.
        """
        if type(shop) is not int or not 1 <= shop <= MAX_SHOP:
            raise ValueError(f"shop must be a number from 1 to {MAX_SHOP}, not {shop!r}")
        return self._message(data, b"%d" % shop, {"shopid": shop}, event_id)

    def about_task(self, data: TaskData, event_id: UUID | None = None) -> Message:
        """An event about a task, keyed by its id, which is the subject, too.

        Raises:
            ValueError: if the data cannot be written as JSON.
        """
        return self._message(data, data.task_id.encode(), {"subject": data.task_id}, event_id)

    def _message(self, data: EventData, key: bytes, about: dict[str, Any], event_id: UUID | None) -> Message:
        chosen = self._new_id() if event_id is None else event_id
        said = {
            "specversion": "1.0",
            "id": str(chosen),
            "source": self._source,
            "type": data.TYPE,
            "time": self._now().isoformat(),
            "datacontenttype": "application/json",
            **about,
            "data": {
                name: value for name, value in data.model_dump(mode="json").items() if value is not None
            },
        }
        return Message(chosen, f"{self._prefix}{data.TOPIC}", key, _written(said))


def _written(said: dict[str, Any]) -> bytes:
    text = json.dumps(said, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    if NUL.search(text):
        raise ValueError("contains the character NUL, which cannot be stored")
    return text.encode()
