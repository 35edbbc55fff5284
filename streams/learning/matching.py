"""What makes two things the same: the topic first, then the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.policy import LearningPolicy
from schemas.standing import Kind, Match, Relation
from streams.learning.claims import claims
from streams.learning.index import cosine
from streams.learning.state import Item, Knowledge, Shop, Text, Texts
from streams.text import normalise

ORDER: dict[Relation, int] = {"same": 0, "missing": 1, "different": 2}


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A live item or piece of knowledge of the same topic."""

    entity: Item | Knowledge
    by: Kind
    similarity: float
    relation: Relation
    answer_similarity: float | None

    @property
    def is_knowledge(self) -> bool:
        return isinstance(self.entity, Knowledge)

    @property
    def match(self) -> Match:
        """As it stands in a record."""
        return Match(
            entity="knowledge" if self.is_knowledge else "item",
            id=self.entity.id,
            relation=self.relation,
            by=self.by,
            similarity=self.similarity,
            answer_similarity=self.answer_similarity,
        )


def neighbours(shop: Shop, policy: LearningPolicy, texts: Texts) -> list[Neighbour]:
    """Everything live of the same topic: knowledge before items, the same answer before a missing before a
    different one, then the nearest, then the earliest.
    """
    found = [
        Neighbour(entity, by, similarity, *relation(policy, texts.answer, entity.texts.answer))
        for entity, by, similarity in same_topic(shop, policy, texts)
    ]
    return sorted(
        found, key=lambda n: (not n.is_knowledge, ORDER[n.relation], -n.similarity, n.entity.number)
    )


def same_topic(
    shop: Shop, policy: LearningPolicy, texts: Texts
) -> Iterator[tuple[Item | Knowledge, Kind, float]]:
    """Questions are compared where both have one, else answers where both have one, else complaints."""
    stronger: list[Kind] = []
    for kind in ("question", "answer", "complaint"):
        mine = texts.of(kind)
        if mine is None:
            continue
        for id, similarity in shop.tables[kind].near(mine.vector, policy.similarity_threshold):
            entity = shop.entity(id)
            if any(entity.texts.of(other) is not None for other in stronger):
                continue
            theirs = entity.texts.of(kind)
            if theirs is not None and comparable(mine, theirs):
                yield entity, kind, similarity
        stronger.append(kind)


def comparable(left: Text, right: Text) -> bool:
    """Truncated texts are the same only if equal after normalisation."""
    return not (left.truncated or right.truncated) or normalise(left.words) == normalise(right.words)


def relation(policy: LearningPolicy, left: Text | None, right: Text | None) -> tuple[Relation, float | None]:
    """How two answers stand to each other, with their similarity."""
    if left is None or right is None:
        return "missing", None
    similarity = cosine(left.vector, right.vector)
    return ("same" if same_answer(policy, left, right, similarity) else "different"), similarity


def same_answer(policy: LearningPolicy, left: Text, right: Text, similarity: float) -> bool:
    """Near enough, with equal numbers, amounts, dates and times, and equal parity of negation."""
    if normalise(left.words) == normalise(right.words):
        return True
    if left.truncated or right.truncated or similarity < policy.similarity_threshold:
        return False
    negations = policy.phrases.negations
    return claims(left.words, negations).agree(claims(right.words, negations))
