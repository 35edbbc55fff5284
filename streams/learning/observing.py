"""What is kept of every input, whatever was decided about it."""

from __future__ import annotations

from datetime import timedelta

from schemas.control import Tick
from schemas.conversation import ConversationRecorded
from schemas.knowledge import KnowledgeImported
from schemas.policy import LearningPolicy
from streams.domain import Given
from streams.learning.remembering import observe_import
from streams.learning.state import Conversation, Shop, State


def observe(state: State, policy: LearningPolicy, given: Given) -> None:
    """Keeps what was quoted in which conversation, whose it is, and what was imported last under which id."""
    kind = type(given.data)
    if kind is Tick:
        forget_citations(state, given, timedelta(days=policy.citation_days))
    if not given.shop_id:
        return
    shop = state.shop(given.shop_id)
    if (conversation := given.data.conversation) is not None and given.data.cited_knowledge_ids:
        known = shop.conversations.setdefault(conversation, Conversation())
        known.cited |= dict.fromkeys(given.data.cited_knowledge_ids, given.at)
    if kind is ConversationRecorded:
        note_people(shop, given.data)
    if kind is KnowledgeImported:
        observe_import(shop, given.data)


def note_people(shop: Shop, data: ConversationRecorded) -> None:
    """Whose conversation it is."""
    known = shop.conversations[data.conversation_id]
    for person in (data.user_id, data.actor_id):
        if person is not None and person not in known.people:
            known.people = (*known.people, person)


def forget_citations(state: State, given: Given, after: timedelta) -> None:
    """Drops what was quoted longer ago."""
    for shop in state.shops.values():
        for conversation in shop.conversations.values():
            if conversation.cited:
                conversation.cited = {
                    id: at for id, at in conversation.cited.items() if given.at - at < after
                }
