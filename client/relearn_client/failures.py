"""What the contract calls the exceptions that end a task."""

from __future__ import annotations

import asyncio

from relearn_client.models import ErrorType

MAX_MESSAGE = 32_000
"""Characters of an error's message that are told."""

ERROR_TYPES: tuple[tuple[type[BaseException], ErrorType], ...] = (
    (asyncio.CancelledError, "cancelled"),
    (KeyboardInterrupt, "cancelled"),
    (TimeoutError, "timeout"),
    (PermissionError, "permission"),
    (MemoryError, "resource_exhausted"),
    (ConnectionError, "dependency"),
    (ImportError, "dependency"),
    (ValueError, "validation"),
)
"""The first that fits counts."""


def error_type(failure: BaseException) -> ErrorType:
    """The contract's word for this exception, `unknown` if it has none."""
    return next((word for kind, word in ERROR_TYPES if isinstance(failure, kind)), "unknown")


def error_message(failure: BaseException) -> str:
    """The exception's name and words, as far as they can be sent."""
    name = type(failure).__name__
    try:
        said = str(failure)
    except Exception:  # noqa: BLE001 - an exception may fail to speak; that it came is told all the same
        said = ""
    told = f"{name}: {said}" if said else name
    return told.replace("\0", " ").encode("utf-8", "replace").decode()[:MAX_MESSAGE]
