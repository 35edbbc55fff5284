"""How much independent sources together are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from itertools import pairwise

from schemas.policy import Knots
from schemas.standing import Source

MOST = 99
"""However many agree, certainty is never reached."""


def groups(sources: Sequence[Source]) -> list[list[Source]]:
    """Sources that stand or fall together: connected by one conversation or one actor.

    Unknown actors of a shop count as one actor.
    """
    found: list[tuple[set[object], list[Source]]] = []
    for source in sources:
        ties: set[object] = {("actor", source.actor_id)}
        if source.conversation_id is not None:
            ties.add(("conversation", source.conversation_id))
        members = [source]
        apart = []
        for other_ties, others in found:
            if other_ties & ties:
                ties |= other_ties
                members = others + members
            else:
                apart.append((other_ties, others))
        found = [*apart, (ties, members)]
    return [members for _, members in found]


def confidence(sources: Sequence[Source], calibration: Knots = ()) -> int:
    """100·(1 − ∏(1 − cᵢ/100)) over the groups' highest cᵢ, rounded half up, at most 99, and then calibrated."""
    return calibrated(
        combined(max(s.base_confidence for s in group) for group in groups(sources)), calibration
    )


def combined(percents: Iterable[int]) -> int:
    doubt = Fraction(1)
    for percent in percents:
        doubt *= 1 - Fraction(percent, 100)
    return rounded(100 * (1 - doubt))


def calibrated(percent: int, knots: Knots) -> int:
    """The height of the line through these knots, constant beyond them; without any, the percentage itself."""
    if not knots:
        return percent
    x = min(max(percent, knots[0][0]), knots[-1][0])
    for (left, low), (right, high) in pairwise(knots):
        if x <= right:
            return rounded(low + Fraction((high - low) * (x - left), right - left))
    return rounded(Fraction(knots[0][1]))


def rounded(percent: Fraction) -> int:
    """Half up, at most 99."""
    return min(MOST, int(percent + Fraction(1, 2)))
