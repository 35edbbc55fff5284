"""What each tool takes. Assistants read these descriptions; the API itself says what may be done."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.fields import FilledText, Id, Name, ShopId, Text


class Arguments(BaseModel):
    """Nothing else may be said: what is misspelt would be lost unseen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class InShop(Arguments):
    """Of what is about one shop."""

    shop_id: ShopId | None = Field(
        None, description="The shop that this is about. Leave it out if you work for one shop alone."
    )


class Search(InShop):
    query: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        description="The question to be answered, in whole words as a customer would ask it."
    )
    limit: Annotated[int, Field(ge=1, le=50)] = Field(5, description="At most so many hits.")


class Proposal(InShop):
    content: FilledText = Field(
        description="What should be known, complete in itself: the answer as a customer should get it."
    )
    question: Text | None = Field(
        None, description="The question that it answers. With it, the knowledge is found better."
    )
    category: Name | None = Field(None, description="A short label, as `refunds`.")
    note: Text | None = Field(None, description="For the reviewer alone: where you have it from.")


class Correction(InShop):
    conversation_id: Id = Field(description="The conversation in which the wrong answer was given, a UUID.")
    corrected_answer: FilledText = Field(
        description="What should have been answered, complete in itself and in the words of somebody who knows."
    )
    question: Text | None = Field(
        None,
        description="What had been asked. Leave it out to take the last question of the conversation.",
    )
    original_response: Text | None = Field(
        None,
        description="The wrong answer. Leave it out to take the last answer of the conversation; say it if the "
        "conversation was never recorded.",
    )
    correction_context: Text | None = Field(None, description="Why that was wrong, for the reviewer.")
    category: Name | None = Field(None, description="A short label, as `refunds`.")
    # What is urgent is applied at once, without a reviewer: anybody could talk an assistant into that.
    priority: Literal["low", "normal", "high"] = Field(
        "normal", description="How soon a reviewer should see it."
    )
    actor_id: Name | None = Field(
        None,
        description="Who says so, by the id that your system has for them: what several people say counts more "
        "than what one says twice.",
    )
    cited_knowledge_ids: Annotated[list[Id], Field(max_length=100)] = Field(
        default_factory=list,
        description="Ids of hits from which the corrected answer is taken: what was said from knowledge is no "
        "evidence for it.",
    )


class Why(Arguments):
    id: Annotated[str, Field(min_length=1, max_length=200)] = Field(
        description="Of knowledge or of an item of the review queue, a UUID; or of one decision, PARTITION:OFFSET."
    )
