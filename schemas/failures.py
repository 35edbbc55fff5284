"""Failures that carry their coordinates."""

from __future__ import annotations


class InvalidEvent(ValueError):
    """An input that can never be decided; `reason` is one sentence for a person."""

    def __init__(self, reason: str, *, field: str | None = None) -> None:
        super().__init__(_printable(reason if field is None else f"{field}: {reason}"))
        self.reason = str(self)
        self.field = field


class UnreadableRecord(ValueError):
    """A message of a log or an enriched topic that this version cannot read."""

    def __init__(self, topic: str, partition: int, offset: int, reason: str) -> None:
        super().__init__(f"{topic}[{partition}] {offset}: {reason}")
        self.topic, self.partition, self.offset, self.reason = topic, partition, offset, reason


def _printable(words: str) -> str:
    """A reason may quote what was sent; nothing that steers a terminal gets into logs that way."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in words)
