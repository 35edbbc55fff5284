"""What is forgotten with a person or a conversation: which items and knowledge lose which words, and what is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from schemas import learning as out
from schemas.outcome import Outcome
from schemas.policy import LearningPolicy
from schemas.review import SubjectErased
from schemas.standing import ItemState, ItemStatus, Kind, Words
from streams.domain import Given
from streams.learning.applying import head_for, retargeted
from streams.learning.confidence import confidence
from streams.learning.eyes import news
from streams.learning.reading import to_words
from streams.learning.reviews import retracted
from streams.learning.state import KINDS, Item, Knowledge, Said, Shop, Speaker, Text, Texts, earliest

ROOM = 3 * 1024 * 1024
"""About how many bytes of outcomes one erasure decides: its record has to fit into one message of the log."""

OUTCOME_BYTES = 500
"""What an outcome takes without words, about."""

MOST_CONVERSATIONS = 20_000
"""How many conversations one record names."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A person with their conversations, or one conversation."""

    actor: str | None
    conversations: frozenset[UUID]

    def is_behind(self, speaker: Speaker) -> bool:
        """Whether something said so is of this subject."""
        return speaker.conversation in self.conversations or (
            self.actor is not None and speaker.actor == self.actor
        )

    def is_source(self, said: Said) -> bool:
        """Whether this source still says something of this subject."""
        source = said.source
        return bool(said.texts) and self.is_behind(Speaker(source.conversation_id, source.actor_id))

    def lost(self, texts: Texts) -> tuple[Kind, ...]:
        """The kinds of text that are of this subject."""
        return tuple(kind for kind in KINDS if self._said(texts.of(kind)))

    def _said(self, text: Text | None) -> bool:
        return text is not None and self.is_behind(text.speaker)

    def is_in(self, item: Item) -> bool:
        """Whether the item has anything of this subject."""
        return any(map(self.is_source, item.sources)) or bool(self.lost(item.texts))


def subject_of(shop: Shop, data: SubjectErased) -> Subject:
    """A person's conversations are those that were recorded for them."""
    if data.erased_conversation_id is not None:
        return Subject(None, frozenset({data.erased_conversation_id}))
    actor = data.erased_actor_id
    theirs = (id for id, known in shop.conversations.items() if actor in known.people)
    return Subject(actor, frozenset(theirs))


@dataclass(frozen=True, slots=True)
class Unit:
    """What is erased together: live knowledge that loses its answer, with the item that it came from."""

    known: Knowledge | None
    item: Item | None


def units_of(shop: Shop, subject: Subject) -> Iterator[Unit]:
    """All that has words of this subject, knowledge first."""
    items = {item.id: item for item in shop.items.values() if subject.is_in(item)}
    for known in shop.knowledge.values():
        if subject.lost(known.texts):
            behind = known.item_id if falls(known, subject) else None
            yield Unit(known, items.pop(behind, None) if behind is not None else None)
    yield from (Unit(None, item) for item in items.values())


def falls(known: Knowledge, subject: Subject) -> bool:
    """Whether it is live, and has no answer without this subject."""
    return known.live and "answer" in subject.lost(known.texts)


def on_erasure(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """Everything of the subject that fits into one record; then what had aimed at knowledge that ended aims anew."""
    subject = subject_of(shop, given.data)
    units = list(units_of(shop, subject))
    ended, taken, room = list[UUID](), 0, ROOM
    for unit in units:
        if room <= 0:
            break
        if unit.known is not None and falls(unit.known, subject):
            ended.append(unit.known.id)
            room -= OUTCOME_BYTES * len(shop.pending_for(unit.known.id))
        for outcome in erased(shop, policy, given, subject, unit):
            yield outcome
            room -= weight(outcome)
        taken += 1
    for id in ended:
        yield from retargeted(shop, policy, given, id)
    yield subject_erased(given, subject, units[:taken], is_rest=taken < len(units))


def erased(
    shop: Shop, policy: LearningPolicy, given: Given, subject: Subject, unit: Unit
) -> Iterator[out.KnowledgeErased | out.ItemErased]:
    """Knowledge before its item, so that the item finds what is still live."""
    if unit.known is not None:
        yield erased_knowledge(given, subject, unit.known)
    if unit.item is not None:
        yield erased_item(shop, policy, given, subject, unit.item, has_fallen=unit.known is not None)


def weight(outcome: out.KnowledgeErased | out.ItemErased) -> int:
    """About how many bytes it takes, rather more than less."""
    words = outcome.words if isinstance(outcome, out.ItemErased) else Words()
    texts = filter(None, (words.question, words.answer, words.complaint))
    return OUTCOME_BYTES + sum(4 * len(text) for text in texts) + sum(map(len, words.vectors.values()))


def erased_knowledge(given: Given, subject: Subject, known: Knowledge) -> out.KnowledgeErased:
    """It loses the subject's words. Live knowledge without an answer ends; past versions stay what they are."""
    return out.KnowledgeErased(
        shop_id=given.shop_id,
        knowledge_id=known.id,
        lost=subject.lost(known.texts),
        was=known.state,
        now=retracted(known) if falls(known, subject) else known.state,
    )


def erased_item(
    shop: Shop, policy: LearningPolicy, given: Given, subject: Subject, item: Item, *, has_fallen: bool
) -> out.ItemErased:
    """It keeps what others said. `has_fallen`: the knowledge that it became has ended just now."""
    lost = subject.lost(item.texts)
    left = [said for said in item.speaking if not subject.is_source(said)]
    texts = item.texts.without(lost).filled_by(only(lost, earliest(left)))
    status = status_of(item, lost, left, texts, has_fallen=has_fallen)
    is_back = status == "pending" != item.status
    return out.ItemErased(
        shop_id=given.shop_id,
        item_id=item.id,
        source_ids=tuple(said.source.source_id for said in item.sources if subject.is_source(said)),
        lost=lost,
        words=to_words(texts, item.category) if lost else Words(),
        was=item.state,
        now=ItemState(
            status=status,
            version=item.version + (bool(lost) or status != item.status),
            confidence=confidence([said.source for said in left], policy.calibration),
            target=head_for(shop, policy, item.target, texts) if is_back else item.target,
        ),
        needs_second_pair=news(item, left),
    )


def only(kinds: tuple[Kind, ...], texts: Texts) -> Texts:
    """The texts of these kinds."""
    return texts.without([kind for kind in KINDS if kind not in kinds])


def status_of(
    item: Item, lost: tuple[Kind, ...], left: list[Said], texts: Texts, *, has_fallen: bool
) -> ItemStatus:
    """Nobody speaks for it any more: rejected. Not what a reviewer had approved: to be reviewed again."""
    if item.live and not (left and texts):
        return "rejected"
    if item.status == "approved" and "answer" in lost:
        return "pending"
    if item.status == "applied" and has_fallen and left and texts.answer:
        return "pending"
    return item.status


def subject_erased(given: Given, subject: Subject, units: list[Unit], *, is_rest: bool) -> out.SubjectErased:
    """What was done. Conversations are told of, and forgotten, when nothing else of the subject is left."""
    told = sorted(subject.conversations)
    return out.SubjectErased(
        shop_id=given.shop_id,
        actor_id=given.data.erased_actor_id,
        conversation_id=given.data.erased_conversation_id,
        conversations=() if is_rest else tuple(told[:MOST_CONVERSATIONS]),
        items=sum(unit.item is not None for unit in units),
        knowledge=sum(unit.known is not None for unit in units),
        unfinished=is_rest or len(told) > MOST_CONVERSATIONS,
    )
