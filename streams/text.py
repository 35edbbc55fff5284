"""When two texts are word for word the same, and when a text says nothing."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_SAID = re.compile(r"(?<=\d)[.,:](?=\d)|[^\w\s%€$£¥+/-]|_")
_SPACE = re.compile(r"\s+")


@lru_cache(maxsize=20_000)
def normalise(text: str) -> str:
    """The text without case, punctuation and surplus white space.

    Separators inside numbers and the signs of amounts and percentages stay: "3.50" is not "350".
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    plain = _NOT_SAID.sub(lambda match: match[0] if match[0] in ".,:" and _inside(match) else " ", plain)
    return _SPACE.sub(" ", plain).strip()


def _inside(match: re.Match[str]) -> bool:
    before, after = (
        match.string[match.start() - 1 : match.start()],
        match.string[match.end() : match.end() + 1],
    )
    return before.isdigit() and after.isdigit()


def is_blank(text: str | None) -> bool:
    """Whether a text has no letter and no digit."""
    return text is None or not any(character.isalnum() for character in text)
