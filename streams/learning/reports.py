"""What services report: feedback, corrections, calls, conversations, responses, proposals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from schemas import learning as out
from schemas.conversation import ConversationRecorded, Message
from schemas.identity import identity
from schemas.outcome import Outcome
from schemas.policy import LearningPolicy
from schemas.standing import Parts
from schemas.stored import (
    CallStored,
    ConversationOutdated,
    ConversationStored,
    CorrectionStored,
    FeedbackStored,
    ResponseStored,
)
from streams.domain import Given
from streams.learning.index import cosine
from streams.learning.matching import Neighbour, neighbours, same_answer
from streams.learning.placing import (
    Candidate,
    afterwards,
    candidate,
    cited,
    corroborated,
    disputed,
    may_join,
    place,
    proposed,
)
from streams.learning.reading import parts_of, text_at
from streams.learning.state import Item, Knowledge, Shop, Text

_WORD = re.compile(r"[^\W\d_]+")


# Feedback


def on_feedback(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """A complaint proposes or strengthens an item, and disputes what it was answered with. Praise is analytics."""
    yield FeedbackStored(shop_id=given.shop_id, id=given.event.id)
    if not given.data.is_negative:
        return
    new = candidate(given, "feedback", policy.base_confidence.feedback, parts_of(given))
    near = neighbours(shop, policy, new.texts) if new.texts else []
    response = text_at(given, "response")
    behind = knowledge_behind(shop, policy, given, near, response)
    for known in behind:
        yield disputed(given.shop_id, known, given.event.id)
    if new.texts:
        yield from complaint(shop, policy, given, new, near, response, behind)


def knowledge_behind(
    shop: Shop, policy: LearningPolicy, given: Given, near: Sequence[Neighbour], response: Text | None
) -> list[Knowledge]:
    """The live knowledge that a complaint is about: cited, or of the same topic and the response's answer."""
    own = set(given.data.cited_knowledge_ids)
    quoted = cited(shop, policy, given)
    found = {id: known for id in own if (known := shop.knowledge.get(id)) is not None and known.live}
    for entity in (neighbour.entity for neighbour in near):
        if isinstance(entity, Knowledge) and (
            entity.id in quoted or repeats(policy, response, entity.texts.answer)
        ):
            found[entity.id] = entity
    return sorted(found.values(), key=lambda known: known.number)


def repeats(policy: LearningPolicy, response: Text | None, answer: Text | None) -> bool:
    """Whether the assistant's response was that answer."""
    if response is None or answer is None:
        return False
    return same_answer(policy, response, answer, cosine(response.vector, answer.vector))


def complaint(
    shop: Shop,
    policy: LearningPolicy,
    given: Given,
    new: Candidate,
    near: Sequence[Neighbour],
    response: Text | None,
    behind: Sequence[Knowledge],
) -> Iterator[Outcome]:
    """Negative feedback never speaks for an answer: it joins items that have none, and disputes the others."""
    answered = [
        (n, n.entity) for n in near if isinstance(n.entity, Item) and n.entity.texts.answer is not None
    ]
    at = next(((n, i) for n, i in answered if repeats(policy, response, i.texts.answer)), None)
    if at is not None:
        yield out.ItemDisputed(
            shop_id=given.shop_id, item_id=at[1].id, source_id=given.event.id, similarity=at[0].similarity
        )
    unanswered = (n for n in near if isinstance(n.entity, Item) and n.entity.texts.answer is None)
    if home := next((n for n in unanswered if may_join(shop, n, new)), None):
        yield corroborated(policy, given, new, home, near)
        item_id = home.entity.id
    elif related := next((n for n, _ in answered if new.texts.answer is None or n.relation == "same"), None):
        if at is None or related.entity.id != at[1].id:
            yield out.ItemRelated(
                shop_id=given.shop_id,
                item_id=related.entity.id,
                source_id=given.event.id,
                similarity=related.similarity,
            )
        return
    else:
        yield proposed(policy, given, new, near, behind[0].id if behind else None)
        item_id = new.item_id
    yield from afterwards(shop, policy, given, shop.items[item_id])


# Corrections, calls, proposals, responses


def on_correction(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """An owner's answer becomes an item; an urgent one of a trusted source is applied at once, unless the policy
    asks for a second pair of eyes.
    """
    yield CorrectionStored(shop_id=given.shop_id, id=given.event.id)
    priority = given.data.priority
    urgent = priority == "urgent"
    asks = urgent and policy.two_pairs_of_eyes.urgent_corrections
    base: int = getattr(policy.base_confidence, f"correction_{priority}")
    new = candidate(given, "correction", base, parts_of(given), second_pair_for="urgency" if asks else None)
    yield from place(shop, policy, given, new, urgent=urgent)


def on_call(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """An angry call becomes an item; any other is stored."""
    mood = given.enrichment.mood
    said = given.data.sentiment
    sentiment = said or (mood.label if mood else "neutral")
    analyser = mood.analyser if mood and said is None else None
    yield CallStored(shop_id=given.shop_id, id=given.event.id, sentiment=sentiment, analyser=analyser)
    if sentiment == "negative":
        yield from place(
            shop, policy, given, candidate(given, "transcript", policy.base_confidence.call, parts_of(given))
        )


def on_response(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """Analytics only."""
    yield ResponseStored(shop_id=given.shop_id, id=given.event.id)


def on_proposal(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """A proposed piece of knowledge becomes an item, unless it is known already."""
    yield from place(
        shop, policy, given, candidate(given, "manual", policy.base_confidence.proposal, parts_of(given))
    )


# Conversations


def on_conversation(shop: Shop, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """Stored and flagged; what an owner answered after a handoff is a possible update."""
    data: ConversationRecorded = given.data
    known = shop.conversations.get(data.conversation_id)
    decided = known.messages if known else 0
    if len(data.messages) < decided:
        yield ConversationOutdated(
            shop_id=given.shop_id, id=data.conversation_id, messages=len(data.messages)
        )
        return
    yield ConversationStored(
        shop_id=given.shop_id,
        id=data.conversation_id,
        messages=len(data.messages),
        review_reasons=tuple(review_reasons(policy, given)),
    )
    if data.handoff:
        for question, answer in owners_answers(policy, data.messages):
            if answer >= decided:
                yield from place(shop, policy, given, owners_answer(policy, given, question, answer))


def review_reasons(policy: LearningPolicy, given: Given) -> Iterator[str]:
    """Why somebody should look at this conversation."""
    data: ConversationRecorded = given.data
    if data.handoff:
        yield "handed_off"
    spoken = (m.content.casefold().replace("\u2019", "'") for m in data.messages if m.role == "assistant")
    if any(phrase in content for content in spoken for phrase in policy.phrases.does_not_know):
        yield "assistant_did_not_know"
    if given.enrichment.mood and given.enrichment.mood.label == "negative":
        yield "negative_customer"


def owners_answers(policy: LearningPolicy, messages: Sequence[Message]) -> Iterator[tuple[int, int]]:
    """Indexes of a user's question and of the owner's first turn after it."""
    question: int | None = None
    for index, message in enumerate(messages):
        if message.role == "user" and is_question(policy, message.content):
            question = index
        elif message.role == "owner" and question is not None:
            yield question, index
            question = None


def is_question(policy: LearningPolicy, content: str) -> bool:
    """A question mark, or a question word of the policy at the beginning of a sentence."""
    if "?" in content:
        return True
    firsts = (_WORD.search(sentence) for sentence in re.split(r"[.!;\n]", content.casefold()))
    return any(first[0] in policy.phrases.question_words for first in firsts if first)


def owners_answer(policy: LearningPolicy, given: Given, question: int, answer: int) -> Candidate:
    """The candidate of one owner's turn; its ids follow from conversation and index."""
    conversation: UUID = given.data.conversation_id
    return candidate(
        given,
        "transcript",
        policy.base_confidence.conversation,
        Parts(question=f"turn/{question}", answer=f"turn/{answer}"),
        source_id=identity(given.shop_id, conversation, "turn", answer),
        item_id=identity(given.shop_id, conversation, "item", answer),
    )
