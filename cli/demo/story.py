"""One correction followed from the event to the knowledge that it became, by the records of the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from cli.demo.watch import Seen
from schemas.correction import ResponseCorrected
from schemas.learning import ItemApplied, ItemApproved, ItemOutcome, ItemProposed, KnowledgeApplied
from schemas.saying import told


@dataclass(frozen=True, slots=True)
class Story:
    """A correction, the item that it proposed, and every record that is about that item, in their order."""

    item_id: UUID
    knowledge_id: UUID
    steps: Sequence[Seen]


def follow(seen: Sequence[Seen]) -> Story | None:
    """The correction with the longest way to knowledge that a reviewer approved; None if there is none."""
    stories = [story for one in seen for story in _stories(one, seen)]
    return max(stories, key=lambda story: len(story.steps), default=None)


def _stories(one: Seen, seen: Sequence[Seen]) -> Iterator[Story]:
    if one.record.event is None or not isinstance(one.record.event.data, ResponseCorrected):
        return
    for outcome in one.record.outcomes:
        if isinstance(outcome, ItemProposed):
            steps = [
                each for each in seen if each.partition == one.partition and _is_about(each, outcome.item_id)
            ]
            by_reviewer = any(_is_approval(each) for each in steps)
            knowledge = [_knowledge_of(each, outcome.item_id) for each in steps]
            if by_reviewer and any(knowledge):
                yield Story(outcome.item_id, next(filter(None, knowledge)), steps)


def _is_about(one: Seen, item_id: UUID) -> bool:
    return any(
        (isinstance(o, ItemOutcome) and o.item_id == item_id and not isinstance(o, ItemApplied))
        or (isinstance(o, KnowledgeApplied) and o.item_id == item_id)
        for o in one.record.outcomes
    )


def _is_approval(one: Seen) -> bool:
    return any(isinstance(o, ItemApproved) and o.by == "reviewer" for o in one.record.outcomes)


def _knowledge_of(one: Seen, item_id: UUID) -> UUID | None:
    return next(
        (
            o.knowledge_id
            for o in one.record.outcomes
            if isinstance(o, KnowledgeApplied) and o.item_id == item_id
        ),
        None,
    )


def lines(story: Story, log_topic: str) -> Iterator[str]:
    """The story, a line for each thing that happened."""
    for step in story.steps:
        event, at = step.record.event, step.record.input
        if event is None or at is None:
            continue
        yield f"{event.type} from {event.source}, {at.topic}[{at.partition}] offset {at.offset}"
        yield f"  decided as {log_topic}[{step.partition}] offset {step.offset}:"
        yield from (
            f"    {words}" for words in told(step.record) if str(story.item_id) in words or _short(step)
        )


def _short(step: Seen) -> bool:
    """Records about one item only are told whole; one that applies many is told for this item."""
    return len(step.record.outcomes) <= 4
