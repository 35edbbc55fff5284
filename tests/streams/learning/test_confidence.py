from __future__ import annotations

import pytest

from schemas.standing import Source
from streams.learning.confidence import confidence, groups
from tests.streams.learning.story import name


def source(worth: int, actor: str | None = None, talk: str | None = None) -> Source:
    conversation = name(talk) if talk else None
    return Source(
        source_id=name(f"{worth}{actor}{talk}"), source_type="feedback", base_confidence=worth,
        conversation_id=conversation, actor_id=actor,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        ([source(50, "ann")], 50),
        ([source(50, "ann"), source(50, "bob")], 75),
        ([source(50, "ann"), source(80, "bob")], 90),
        ([source(50, "ann"), source(80, "ann")], 80),
        ([source(50), source(50, talk="c")], 50),
        ([source(50, "ann", "c"), source(50, "bob", "c")], 50),
        ([source(45, "ann"), source(45, "bob")], 70),
        ([source(95, "ann"), source(95, "bob")], 99),
        ([source(95, str(n)) for n in range(9)], 99),
    ],
)
def test_confidence_of_independent_sources(sources: list[Source], expected: int) -> None:
    assert confidence(sources) == expected


def test_one_source_can_join_two_groups() -> None:
    apart = [source(50, "ann", "c"), source(60, "bob", "d")]
    assert len(groups(apart)) == 2
    assert len(groups([*apart, source(45, "ann", "d")])) == 1
