"""Random learning logs: any order of any kinds of outcome about a few shops, items and pieces of knowledge."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

from schemas import learning as out
from schemas.call import CallTranscribed
from schemas.conversation import ConversationRecorded, Message
from schemas.correction import ResponseCorrected
from schemas.feedback import FeedbackGiven
from schemas.knowledge import KnowledgeImported
from schemas.response import ResponseServed
from schemas.review import (
    ApplyRequested,
    ItemApproved,
    ItemRejected,
    ItemsAssigned,
    KnowledgeEdited,
    MergeReverted,
)
from schemas.standing import ItemState, KnowledgeState, Match, Parts, Source, Words
from schemas.stored import CallStored, ConversationStored, CorrectionStored, FeedbackStored, ResponseStored
from schemas.vector import to_text
from tests.projections.learning_log import NOON, Log, vector

REVIEWER = UUID(int=99)


class RandomLog(Log):
    """Grows by `step`. What an outcome names is there; whether a decider would say it does not matter."""

    def __init__(self, random: Random, partition: int = 0) -> None:
        super().__init__(partition)
        self.random = random
        self.shops = [1, 2]
        self.items: dict[int, list[UUID]] = {shop: [] for shop in self.shops}
        self.knowledge: dict[int, list[UUID]] = {shop: [] for shop in self.shops}
        self.sources: dict[UUID, list[Source]] = {}
        self.conversations = [UUID(int=1000 + n) for n in range(4)]
        self.opened()

    def step(self) -> None:
        """One record more."""
        shop = self.random.choice(self.shops)
        kinds = [self.feedback, self.correction, self.response, self.conversation, self.call, self.imported]
        if self.items[shop]:
            kinds += [self.review, self.applied, self.corroborated, self.corroborated, self.noted, self.split]
        if self.knowledge[shop]:
            kinds += [self.edited, self.restated]
        if self.random.random() < 0.05:
            self.retain(NOON + timedelta(seconds=self.random.randrange(-5, 40)))
        self.random.choice(kinds)(shop)

    def state(self, status: str = "pending") -> ItemState:
        number = self.random.randrange(100)
        return ItemState(status=status, version=number, confidence=number, target=self.maybe(self.new_id()))  # type: ignore[arg-type]

    def maybe(self, value: Any) -> Any:
        return value if self.random.random() < 0.5 else None

    def some(self, ids: list[UUID]) -> tuple[UUID, ...]:
        return tuple(self.random.sample(ids, self.random.randrange(min(3, len(ids)) + 1)))

    def matches(self, ids: tuple[UUID, ...], entity: Any = "item") -> tuple[Match, ...]:
        return tuple(
            Match(entity=entity, id=id, relation="different", by="question", similarity=0.9) for id in ids
        )

    def when(self) -> Any:
        return NOON + timedelta(seconds=self.random.randrange(-60, 60), days=self.random.choice([0, 0, 40]))

    def feedback(self, shop: int) -> None:
        data = FeedbackGiven(
            conversation_id=self.random.choice(self.conversations),
            feedback_type="thumbs_down",
            question=self.maybe("How long?"),
            reason="not so",
        )
        event = self.event(data, shop, self.when())
        self.add(
            event,
            FeedbackStored(shop_id=shop, id=event.id),
            self.proposal(
                shop, event, Parts(question="question" if data.question else None, complaint="complaint")
            ),
            vectors={"question": self.random.randrange(9), "complaint": self.random.randrange(9)},
        )

    def correction(self, shop: int) -> None:
        data = ResponseCorrected(
            conversation_id=self.random.choice(self.conversations),
            question="How long?",
            original_response="2 days",
            corrected_answer="5 days",
            category=self.maybe("time"),
        )
        event = self.event(data, shop, self.when())
        self.add(
            event,
            CorrectionStored(shop_id=shop, id=event.id),
            self.proposal(shop, event, Parts(question="question", answer="answer"), "correction"),
            vectors={"question": self.random.randrange(9), "answer": self.random.randrange(9)},
        )

    def proposal(self, shop: int, event: Any, parts: Parts, kind: Any = "feedback") -> out.ItemProposed:
        item, conflicts = self.new_id(), self.some(self.items[shop])
        source = Source(
            source_id=event.id,
            source_type=kind,
            base_confidence=50,
            conversation_id=event.data.conversation,
            actor_id=self.maybe("ann"),
        )
        self.items[shop].append(item)
        self.sources[item] = [source]
        return out.ItemProposed(
            shop_id=shop,
            item_id=item,
            source=source,
            parts=parts,
            category=self.maybe("time"),
            now=self.state(),
            conflicts_with=conflicts,
            matches=self.matches(conflicts),
            second_pair_for=self.maybe("urgency"),
            needs_second_pair=self.maybe(True),
        )

    def corroborated(self, shop: int) -> None:
        item = self.random.choice(self.items[shop][:2])
        conflicts = self.some([other for other in self.items[shop] if other != item])
        filled = self.random.choice([(), ("answer",), ("complaint",), ("question", "answer")])
        data = FeedbackGiven(
            conversation_id=self.conversations[0],
            feedback_type="thumbs_down",
            question=f"How {self.random.random()}?",
            reason=f"not {self.random.random()}",
            suggested_answer=f"in {self.random.random()}",
        )
        event = self.event(data, shop)
        source = Source(source_id=event.id, source_type="feedback", base_confidence=50)
        self.sources[item].append(source)
        outcome = out.ItemCorroborated(
            shop_id=shop,
            item_id=item,
            source=source,
            parts=Parts(question="question", answer="answer", complaint="complaint"),
            similarity=0.9,
            filled=filled,
            category=self.maybe("time"),
            was=self.state(),
            now=self.state(),
            conflicts_with=conflicts,
            matches=self.matches(conflicts),
            second_pair_for=self.maybe("urgency"),
            needs_second_pair=self.random.choice([None, False, True]),
        )
        seeds = {part: self.random.randrange(9) for part in ("question", "answer", "complaint")}
        self.add(event, FeedbackStored(shop_id=shop, id=event.id), outcome, vectors=seeds)

    def noted(self, shop: int) -> None:
        item, source = self.random.choice(self.items[shop]), self.new_id()
        kind = self.random.choice([out.ItemDisputed, out.ItemRelated])
        data = FeedbackGiven(conversation_id=self.conversations[0], feedback_type="thumbs_down")
        outcome = kind(
            shop_id=shop, item_id=item, source_id=source, similarity=0.9, now=self.maybe(self.state())
        )
        self.add(self.event(data, shop), outcome)

    def response(self, shop: int) -> None:
        data = ResponseServed(
            conversation_id=self.random.choice(self.conversations),
            response_text="5 days",
            response_type="chat",
        )
        event = self.event(data, shop, self.when())
        self.add(event, ResponseStored(shop_id=shop, id=event.id))

    def conversation(self, shop: int) -> None:
        id = self.random.choice(self.conversations)
        data = ConversationRecorded(
            conversation_id=id,
            user_id="u",
            channel="web",
            messages=[Message(role="user", content=f"{self.random.random()}")],
        )
        stored = ConversationStored(shop_id=shop, id=id, messages=1, review_reasons=("handoff",))
        self.add(self.event(data, shop, self.when()), stored, vectors={"document": self.random.randrange(9)})

    def call(self, shop: int) -> None:
        data = CallTranscribed(conversation_id=self.maybe(self.conversations[0]), transcript="hello")
        event = self.event(data, shop, self.when())
        stored = CallStored(shop_id=shop, id=event.id, sentiment="neutral", analyser="vader")
        self.add(event, stored, vectors={"document": 3})

    def review(self, shop: int) -> None:
        item = self.random.choice(self.items[shop])
        about = {"shop_id": shop, "item_id": item, "was": self.state()}
        match self.random.randrange(7):
            case 0:
                said = ItemApproved(item_id=item, reviewer_id=REVIEWER, edited_content="7 days")
                outcome: Any = out.ItemApproved(
                    **about,
                    by="reviewer",
                    reviewer_id=REVIEWER,
                    edited=self.random.random() < 0.5,
                    now=self.state("approved"),
                )
                self.add(self.event(said, shop), outcome, vectors={"answer": self.random.randrange(9)})
                return
            case 1:
                outcome = out.ItemRejected(**about, reviewer_id=REVIEWER, now=self.state("rejected"))
            case 2:
                outcome = out.ItemAssigned(**about, reviewer_id=REVIEWER)
            case 3:
                outcome = out.ItemReleased(**about, reviewer_id=REVIEWER, why="released")
            case 4:
                outcome = out.ItemWithdrawn(**about, now=self.state("rejected"))
            case 5:
                outcome = out.ItemRetargeted(**about, now=self.state())
            case _:
                outcome = out.ItemReturned(**about, why="rolled_back", now=self.state())
        data: Any = ItemRejected(item_id=item, reviewer_id=REVIEWER)
        if isinstance(outcome, out.ItemAssigned | out.ItemReleased):
            data = ItemsAssigned(item_ids=[item], reviewer_id=REVIEWER)
        self.add(self.event(data, shop), outcome)

    def applied(self, shop: int) -> None:
        outcomes: list[Any] = []
        for item in self.some(self.items[shop]):
            id, old = self.new_id(), self.random.choice([None, *self.knowledge[shop]])
            live = KnowledgeState(status="live")
            outcomes += [
                out.KnowledgeApplied(shop_id=shop, knowledge_id=id, item_id=item, supersedes=old, now=live),
                out.ItemApplied(shop_id=shop, item_id=item, knowledge_id=id, now=self.state("applied")),
            ]
            if old is not None:
                over = KnowledgeState(status="superseded", superseded_by=id)
                outcomes.append(out.KnowledgeSuperseded(shop_id=shop, knowledge_id=old, was=live, now=over))
            self.knowledge[shop].append(id)
        self.add(self.event(ApplyRequested(), shop), *outcomes)

    def split(self, shop: int) -> None:
        item = self.random.choice(self.items[shop])
        if len(self.sources[item]) < 2:
            return self.noted(shop)
        leaving = self.sources[item].pop(self.random.randrange(len(self.sources[item])))
        new, words = (
            self.new_id(),
            Words(question="Why?", answer="so", vectors={"answer": to_text(vector(1))}),
        )
        self.items[shop].append(new)
        self.sources[new] = [leaving]
        event = self.event(
            MergeReverted(item_id=item, source_id=leaving.source_id, reviewer_id=REVIEWER), shop
        )
        self.add(
            event,
            out.ItemSplit(
                shop_id=shop, item_id=new, source=leaving, words=words, split_from=item, now=self.state()
            ),
            out.MergeReverted(
                shop_id=shop,
                item_id=item,
                source_id=leaving.source_id,
                new_item_id=new,
                words=Words(complaint="not so", category="time"),
                was=self.state(),
                now=self.state(),
                needs_second_pair=self.maybe(False),
            ),
        )
        return None

    def imported(self, shop: int) -> None:
        id, others = self.new_id(), self.some(self.knowledge[shop])
        self.knowledge[shop].append(id)
        data = KnowledgeImported(content="5 days", question=self.maybe("How long?"), source="faq")
        outcome = out.KnowledgeImported(
            shop_id=shop,
            knowledge_id=id,
            conflicts_with=others,
            matches=self.matches(others, "knowledge"),
            now=KnowledgeState(status="live"),
        )
        self.add(self.event(data, shop), outcome, vectors={"answer": self.random.randrange(9)})

    def edited(self, shop: int) -> None:
        old, id = self.random.choice(self.knowledge[shop]), self.new_id()
        self.knowledge[shop].append(id)
        data = KnowledgeEdited(
            knowledge_id=old,
            reviewer_id=REVIEWER,
            reason="wrong",
            content="8 days",
            question=self.maybe("When?"),
        )
        outcome = out.KnowledgeEdited(
            shop_id=shop,
            knowledge_id=id,
            supersedes=old,
            new_question=data.question is not None,
            now=KnowledgeState(status="live"),
        )
        self.add(self.event(data, shop), outcome, vectors={"answer": self.random.randrange(9)})

    def restated(self, shop: int) -> None:
        id = self.random.choice(self.knowledge[shop])
        data = FeedbackGiven(conversation_id=self.conversations[0], feedback_type="thumbs_down")
        kind = self.random.choice([out.KnowledgeRevived, out.KnowledgeSuperseded])
        status: Any = self.random.choice(["live", "retracted"])
        now = KnowledgeState(status=status, disputes=self.random.randrange(9))
        self.add(self.event(data, shop), kind(shop_id=shop, knowledge_id=id, now=now))
