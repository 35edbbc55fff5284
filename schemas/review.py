"""What reviewers decide, and what the scheduler asks for on their behalf."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from schemas.event import ShopData
from schemas.fields import FilledText, Id, Name, Text

ItemIds = Annotated[list[Id], Field(min_length=1, max_length=500)]


class Verdict(ShopData):
    """A reviewer's word on one item, about the version that the reviewer saw."""

    item_id: Id
    reviewer_id: Id
    item_version: Annotated[int, Field(ge=1)] | None = None
    note: Text | None = None


class ItemApproved(Verdict):
    """The item may become knowledge, with the reviewer's wording where given."""

    TYPE: ClassVar[str] = "relearn.item.approved.v1"

    edited_content: FilledText | None = None
    category: Name | None = None


class ItemRejected(Verdict):
    """The item will not become knowledge."""

    TYPE: ClassVar[str] = "relearn.item.rejected.v1"


class ItemsAssigned(ShopData):
    """A reviewer takes items; nobody else decides them meanwhile."""

    TYPE: ClassVar[str] = "relearn.items.assigned.v1"

    item_ids: ItemIds
    reviewer_id: Id


class ItemsReleased(ShopData):
    """A reviewer gives items back."""

    TYPE: ClassVar[str] = "relearn.items.released.v1"

    item_ids: ItemIds
    reviewer_id: Id


class ApplyRequested(ShopData):
    """Approved items of one shop shall become knowledge, oldest first."""

    TYPE: ClassVar[str] = "relearn.apply.requested.v1"

    limit: Annotated[int, Field(ge=1, le=500)] = 100


class KnowledgeChange(ShopData):
    """A reviewer's change of one piece of knowledge."""

    knowledge_id: Id
    reviewer_id: Id
    reason: FilledText


class KnowledgeEdited(KnowledgeChange):
    """A new version that supersedes; without a question the old one is kept."""

    TYPE: ClassVar[str] = "relearn.knowledge.edited.v1"

    content: FilledText
    question: Text | None = None


class KnowledgeRetracted(KnowledgeChange):
    """Knowledge ends."""

    TYPE: ClassVar[str] = "relearn.knowledge.retracted.v1"


class KnowledgeRolledBack(KnowledgeChange):
    """One version is undone."""

    TYPE: ClassVar[str] = "relearn.knowledge.rolled-back.v1"


class MergeReverted(ShopData):
    """One source leaves an item that it should not have joined."""

    TYPE: ClassVar[str] = "relearn.merge.reverted.v1"

    item_id: Id
    source_id: Id
    reviewer_id: Id


class SubjectErased(ShopData):
    """What a person or a conversation has said so far is to be forgotten. `actor_id` is who asks for it."""

    TYPE: ClassVar[str] = "relearn.subject.erased.v1"

    erased_actor_id: Name | None = Field(None, description="the person; their conversations go with them")
    erased_conversation_id: Id | None = None
    reason: FilledText = Field(description="why; it stays, so it should not name the person")

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if (self.erased_actor_id is None) == (self.erased_conversation_id is None):
            raise ValueError("name either erased_actor_id or erased_conversation_id")
        return self
