"""The learning decider: which function decides which kind of input, and what the live feed says of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from schemas import control, learning
from schemas.call import CallTranscribed
from schemas.conversation import ConversationRecorded
from schemas.correction import ResponseCorrected
from schemas.enriched import Enrichment
from schemas.event import EventData
from schemas.feedback import FeedbackGiven
from schemas.knowledge import KnowledgeImported, KnowledgeProposed
from schemas.outcome import Outcome
from schemas.policy import LearningPolicy
from schemas.record import Record
from schemas.response import ResponseServed
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
from schemas.topics import LEARNING
from schemas.vector import Vector
from streams.domain import Feed, Given
from streams.learning.erasing import Erasures, erased, erasures
from streams.learning.erasure import on_erasure
from streams.learning.evolve import evolve
from streams.learning.importing import on_import
from streams.learning.observing import observe
from streams.learning.reports import (
    on_call,
    on_conversation,
    on_correction,
    on_feedback,
    on_proposal,
    on_response,
)
from streams.learning.reviews import (
    on_apply,
    on_approval,
    on_assignment,
    on_edit,
    on_merge_reverted,
    on_rejection,
    on_release,
    on_retraction,
    on_roll_back,
    on_tick,
)
from streams.learning.state import Knowledge, Shop, State

DECIDE: Mapping[type[EventData], Callable[[Shop, LearningPolicy, Given], Iterator[Outcome]]] = {
    ConversationRecorded: on_conversation,
    FeedbackGiven: on_feedback,
    ResponseCorrected: on_correction,
    CallTranscribed: on_call,
    ResponseServed: on_response,
    KnowledgeProposed: on_proposal,
    KnowledgeImported: on_import,
    ItemApproved: on_approval,
    ItemRejected: on_rejection,
    ItemsAssigned: on_assignment,
    ItemsReleased: on_release,
    ApplyRequested: on_apply,
    KnowledgeEdited: on_edit,
    KnowledgeRetracted: on_retraction,
    KnowledgeRolledBack: on_roll_back,
    MergeReverted: on_merge_reverted,
    SubjectErased: on_erasure,
}
"""What is decided about one shop."""


def nothing_more(state: State, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
    """The loop decides about this input for every domain alike."""
    yield from ()


DECIDE_FOR_ALL: Mapping[type[EventData], Callable[[State, LearningPolicy, Given], Iterator[Outcome]]] = {
    control.Tick: on_tick,
    control.PolicyAdopted: nothing_more,
    control.RetentionAdvanced: nothing_more,
    control.DeadLetterRetried: nothing_more,
    control.DeadLetterDiscarded: nothing_more,
}
"""What is decided about a whole partition."""

CHANGES_LIVE = {
    learning.KnowledgeApplied,
    learning.KnowledgeImported,
    learning.KnowledgeEdited,
    learning.KnowledgeSuperseded,
    learning.KnowledgeRetracted,
    learning.KnowledgeRolledBack,
    learning.KnowledgeRevived,
    learning.KnowledgeErased,
}
FEED = LEARNING.feeds[0].name


class Learning:
    """The learning domain, as the decider loop drives it."""

    topics = LEARNING
    outcomes = learning.OUTCOMES
    policy = LearningPolicy

    def new_state(self) -> State:
        return State()

    def expect(self, state: State, policy: LearningPolicy, coming: Sequence[tuple[int, Enrichment]]) -> None:
        """Compares the texts of a batch with each shop's large tables in one product."""
        vectors: defaultdict[int, list[Vector]] = defaultdict(list)
        for shop_id, enrichment in coming:
            vectors[shop_id] += [embedded.vector for embedded in enrichment.vectors.values()]
        for shop_id in vectors.keys() & state.shops.keys():
            for table in state.shops[shop_id].tables.values():
                table.expect(vectors[shop_id], policy.similarity_threshold)

    def decide(self, state: State, policy: LearningPolicy, given: Given) -> Iterator[Outcome]:
        kind = type(given.data)
        if (about_all := DECIDE_FOR_ALL.get(kind)) is not None:
            return about_all(state, policy, given)
        return DECIDE[kind](state.shop(given.shop_id), policy, given)

    def observe(self, state: State, policy: LearningPolicy, given: Given) -> None:
        observe(state, policy, given)

    def evolve(self, state: State, given: Given, outcome: Outcome) -> None:
        evolve(state, given, outcome)

    def feeds(self, state: State, given: Given, outcome: Any) -> Iterator[Feed]:
        """Knowledge that became live, or a tombstone for what no longer is."""
        if type(outcome) in CHANGES_LIVE:
            known = state.shop(outcome.shop_id).knowledge[outcome.knowledge_id]
            value = orjson.dumps(live(outcome.shop_id, known, given)) if known.live else None
            yield Feed(FEED, str(known.id).encode("ascii"), value)

    def erasures(self, records: Iterable[Record]) -> Erasures:
        return erasures(records)

    def erased(self, record: Record, erasures: Erasures) -> Record:
        return erased(record, erasures)


def live(shop_id: int, known: Knowledge, given: Given) -> dict[str, Any]:
    """What an assistant needs of one piece of live knowledge."""
    question, answer = known.texts.question, known.texts.answer
    return {
        "id": str(known.id),
        "shop_id": shop_id,
        "question": question.words if question else None,
        "content": answer.words if answer else None,
        "category": known.category,
        "since": given.at.isoformat(),
    }
