"""Why inputs become dead letters, as few classes: a metric's label must never be a free text."""

from __future__ import annotations

import re
from typing import Literal

ReasonClass = Literal["unreadable", "too-large", "envelope", "type", "time", "data", "key", "other"]

CLASSES: tuple[tuple[ReasonClass, re.Pattern[str]], ...] = (
    ("too-large", re.compile(r"is \d+ bytes")),
    (
        "unreadable",
        re.compile(r"not JSON|not a JSON object|nested deeper|contains the character NUL|.*tombstone"),
    ),
    ("key", re.compile(r"the message's key|must have no key|data\.partition:")),
    ("data", re.compile(r"data\b")),
    ("type", re.compile(r"type:")),
    ("time", re.compile(r"time:")),
    ("envelope", re.compile(r"(specversion|id|source|shopid|subject|datacontenttype|\w+): ")),
)
"""The first whose beginning a reason has, decides."""


def reason_class(reason: str) -> ReasonClass:
    """The class of a dead letter's reason."""
    return next((name for name, begins in CLASSES if begins.match(reason)), "other")
