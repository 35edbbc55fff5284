"""Short ways to say what people say."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from schemas.call import CallTranscribed
from schemas.control import PolicyAdopted, RetentionAdvanced, Tick
from schemas.conversation import ConversationRecorded, Message
from schemas.correction import Priority, ResponseCorrected
from schemas.feedback import FeedbackGiven
from schemas.knowledge import KnowledgeImported, KnowledgeProposed
from schemas.review import (
    ApplyRequested,
    ItemApproved,
    ItemRejected,
    ItemsAssigned,
    ItemsReleased,
    KnowledgeEdited,
    KnowledgeRetracted,
    KnowledgeRolledBack,
    MergeReverted,
    SubjectErased,
)
from tests.streams.learning.story import name

REVIEWER, OTHER_REVIEWER = name("reviewer"), name("other reviewer")


def complaint(question: str | None = None, by: str | None = None, **more: Any) -> FeedbackGiven:
    conversation = more.pop("conversation", f"of {by} {question} {more}")
    return FeedbackGiven(
        conversation_id=name(conversation),
        feedback_type="thumbs_down",
        question=question,
        actor_id=by,
        **more,
    )


def praise() -> FeedbackGiven:
    return FeedbackGiven(
        conversation_id=name("praise"), feedback_type="thumbs_up", question="q|?", response="a|!"
    )


def correction(
    question: str | None, answer: str, priority: Priority = "normal", by: str | None = "owner", **more: Any
) -> ResponseCorrected:
    conversation = more.pop("conversation", f"correction of {by} {question} {answer}")
    return ResponseCorrected(
        conversation_id=name(conversation), question=question, original_response="wrong|", corrected_answer=answer,
        priority=priority, actor_id=by, **more,
    )  # fmt: skip


def call(
    transcript: str, question: str | None = None, answer: str | None = None, **more: Any
) -> CallTranscribed:
    return CallTranscribed(transcript=transcript, question=question, suggested_answer=answer, **more)


def conversation(id: str, *turns: tuple[str, str], handoff: bool = True, **more: Any) -> ConversationRecorded:
    messages = [Message(role=role, content=content) for role, content in turns]  # type: ignore[arg-type]
    return ConversationRecorded(
        conversation_id=name(id), user_id="u", channel="web", messages=messages, handoff=handoff, **more
    )


def proposal(content: str, question: str | None = None, **more: Any) -> KnowledgeProposed:
    return KnowledgeProposed(content=content, question=question, **more)


def imported(
    content: str, question: str | None = None, external_id: str | None = None, by: str | None = None
) -> KnowledgeImported:
    return KnowledgeImported(
        content=content, question=question, source="faq", external_id=external_id, actor_id=by
    )


def approve(item_id: UUID, by: UUID = REVIEWER, **more: Any) -> ItemApproved:
    return ItemApproved(item_id=item_id, reviewer_id=by, **more)


def reject(item_id: UUID, by: UUID = REVIEWER, **more: Any) -> ItemRejected:
    return ItemRejected(item_id=item_id, reviewer_id=by, **more)


def assign(*item_ids: UUID, by: UUID = REVIEWER) -> ItemsAssigned:
    return ItemsAssigned(item_ids=list(item_ids), reviewer_id=by)


def release(*item_ids: UUID, by: UUID = REVIEWER) -> ItemsReleased:
    return ItemsReleased(item_ids=list(item_ids), reviewer_id=by)


def apply(limit: int = 100) -> ApplyRequested:
    return ApplyRequested(limit=limit)


def edit(knowledge_id: UUID, content: str, question: str | None = None) -> KnowledgeEdited:
    return KnowledgeEdited(
        knowledge_id=knowledge_id, reviewer_id=REVIEWER, reason="better", content=content, question=question
    )


def retract(knowledge_id: UUID) -> KnowledgeRetracted:
    return KnowledgeRetracted(knowledge_id=knowledge_id, reviewer_id=REVIEWER, reason="wrong")


def roll_back(knowledge_id: UUID) -> KnowledgeRolledBack:
    return KnowledgeRolledBack(knowledge_id=knowledge_id, reviewer_id=REVIEWER, reason="mistake")


def revert(item_id: UUID, source_id: UUID) -> MergeReverted:
    return MergeReverted(item_id=item_id, source_id=source_id, reviewer_id=REVIEWER)


def erase(person: str | None = None, conversation: str | None = None) -> SubjectErased:
    about = None if conversation is None else name(conversation)
    return SubjectErased(erased_actor_id=person, erased_conversation_id=about, reason="asked")


def tick() -> Tick:
    return Tick(partition=0)


def adopt(policy: dict[str, Any], model: str = "tagged") -> PolicyAdopted:
    return PolicyAdopted(partition=0, policy=policy, embedding_model=model, adopted_by="analyst")


def forget(before: Any) -> RetentionAdvanced:
    return RetentionAdvanced(partition=0, before=before)
