"""What is handled is data: compared with what is declared."""

from __future__ import annotations

from schemas.learning import OUTCOMES
from schemas.topics import LEARNING
from streams.learning.decider import DECIDE, DECIDE_FOR_ALL
from streams.learning.evolve import EVOLVE


def test_every_type_of_event_is_decided() -> None:
    assert {*DECIDE, *DECIDE_FOR_ALL} == set(LEARNING.newest.values())


def test_every_outcome_evolves() -> None:
    assert EVOLVE.keys() == set(OUTCOMES)
