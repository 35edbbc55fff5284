"""What reviewers said about items, as the log's outcomes tell it."""

from __future__ import annotations

from uuid import UUID

from schemas import learning as out
from schemas.outcome import Outcome

ItemKey = tuple[int, UUID]
"""An item's shop and id."""

APPROVED, REJECTED = True, False


class Verdicts:
    """Hears the outcomes of a log in their order."""

    def __init__(self) -> None:
        self._items: dict[ItemKey, UUID] = {}
        """The item of each piece of knowledge."""

    def hear(self, outcome: Outcome) -> tuple[ItemKey, bool] | None:
        """The item that a reviewer judges by this outcome, and how; the last verdict on an item counts.

        To retract what came of an item, or to roll it back, is to reject it. The policy's approval is no verdict.
        """
        match outcome:
            case out.ItemApproved(reviewer_id=UUID()):
                return (outcome.shop_id, outcome.item_id), APPROVED
            case out.ItemRejected():
                return (outcome.shop_id, outcome.item_id), REJECTED
            case out.KnowledgeApplied():
                self._items[outcome.shop_id, outcome.knowledge_id] = outcome.item_id
            case out.KnowledgeRetracted() | out.KnowledgeRolledBack():
                if (item := self._items.get((outcome.shop_id, outcome.knowledge_id))) is not None:
                    return (outcome.shop_id, item), REJECTED
        return None
