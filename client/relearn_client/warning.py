"""Warnings that disturb nobody."""

from __future__ import annotations

import logging
from contextlib import suppress


def warn(log: logging.Logger, text: str, *said: object) -> None:
    """Logs a warning; a handler of the host's log that fails takes nothing else with it."""
    with suppress(Exception):
        log.warning(text, *said)
