"""Two pairs of eyes: where the policy asks for them, nobody's word alone makes anything live."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from streams.learning.confidence import groups
from streams.learning.state import Item, Said


def pairs(said: Sequence[Said]) -> int:
    """How many independent people give the answer. Whoever only complains has not looked at it, and whoever is
    unknown may be any of the others.
    """
    answers = {each.source.source_id for each in said if each.texts.answer and each.source.actor_id}
    return sum(
        any(source.source_id in answers for source in group)
        for group in groups([each.source for each in said])
    )


def is_needed(said: Sequence[Said]) -> bool:
    """Whether a second pair of eyes is asked for, and was not there yet."""
    return any(each.second_pair_for for each in said) and pairs(said) < 2


def news(item: Item, said: Sequence[Said]) -> bool | None:
    """Whether the item needs a second pair of eyes when these speak for it; None if that is as it was."""
    needed = is_needed(said)
    return None if needed == item.needs_second_pair else needed


def is_own(item: Item, reviewer_id: UUID) -> bool:
    """Whether the item needs somebody else than this reviewer, who is one of those that gave the answer."""
    return item.needs_second_pair and any(
        said.texts.answer and said.source.actor_id == str(reviewer_id) for said in item.sources
    )
