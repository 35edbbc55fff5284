from __future__ import annotations

import pytest

from schemas.policy import Phrases
from streams.learning.claims import claims

NEGATIONS = Phrases().negations


def agree(left: str, right: str) -> bool:
    return claims(left, NEGATIONS).agree(claims(right, NEGATIONS))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("You have 30 days.", "Thirty days are yours."),
        ("Free over $1,000.50", "free over 1000.5 dollars"),
        ("We open at 9 am", "we open at 09:00"),
        ("Closed on 24 December", "closed on December 24th"),
        ("A 20% discount", "20 percent off"),
        ("It takes two weeks", "It takes 14 days"),
        ("No, we are closed on Sundays", "We are closed on Sunday"),
        ("We don't ship abroad", "we do not ship abroad"),
        ("We don’t ship abroad", "No shipping abroad"),
        ("You can't do without a receipt", "You can do it with a receipt"),
        ("This one is fine", "It is fine"),
    ],
)
def test_the_same_is_claimed(left: str, right: str) -> None:
    assert agree(left, right)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Free delivery over 50", "No free delivery over 50"),
        ("30 days", "14 days"),
        ("30 days", "30 weeks"),
        ("one day", "two days"),
        ("open on Mondays", "open on Tuesdays"),
        ("at 9 am", "at 9 pm"),
        ("costs $5", "costs €5"),
        ("on 3 May", "on 4 May"),
        ("3 business days", "3 days"),
        ("Yes, it does", "No, it doesn't"),
        ("Yes, delivery is free", "No, delivery is free"),
        ("5%", "5"),
        ("We are open on Sundays", "We are not open on Sundays"),
    ],
)
def test_something_else_is_claimed(left: str, right: str) -> None:
    assert not agree(left, right)
