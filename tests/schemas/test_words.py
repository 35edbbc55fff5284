"""What was said in a conversation is found again in its text."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from schemas.words import Exchange, last_exchange, transcript_of


def told(*turns: tuple[str, str]) -> str:
    return transcript_of([SimpleNamespace(role=role, content=words) for role, words in turns])


@pytest.mark.parametrize(
    ("turns", "found"),
    [
        ((), Exchange(None, None)),
        ((("user", "Hello?"),), Exchange(None, None)),
        ((("assistant", "Hello."),), Exchange(None, "Hello.")),
        ((("user", "How long?"), ("assistant", "Two weeks.")), Exchange("How long?", "Two weeks.")),
        (
            (("user", "a"), ("assistant", "b"), ("user", "c"), ("assistant", "d"), ("user", "e")),
            Exchange("c", "d"),
        ),
        (
            (("user", "One\nand two: what?"), ("owner", "I will see."), ("assistant", "First.\nSecond.")),
            Exchange("One\nand two: what?", "First.\nSecond."),
        ),
    ],
)
def test_the_last_exchange(turns: tuple[tuple[str, str], ...], found: Exchange) -> None:
    assert last_exchange(told(*turns)) == found
