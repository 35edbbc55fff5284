"""How another policy would have done: what was decided against what it would decide, and what reviewers said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from schemas import learning as out
from schemas.outcome import Outcome, RequestRefused
from schemas.record import Record
from streams.learning.verdicts import APPROVED, REJECTED, ItemKey, Verdicts


@dataclass(frozen=True, slots=True)
class Flip:
    """A source that another policy would have treated otherwise. `was` and `would` say how, in the log's words."""

    shop_id: int
    source_id: UUID
    words: str
    was: str
    would: str


@dataclass(frozen=True, slots=True)
class Approval:
    """How approval by the policy alone fits the reviewers' verdicts, over the items that have one.

    `precision`, `recall`, `f1` and Cohen's `kappa` are None where they are not defined.
    """

    right: int
    """Approved by the policy and by reviewers."""
    wrong: int
    """Approved by the policy, and not by reviewers."""
    missed: int
    """Approved by reviewers alone."""
    left: int
    """Approved by neither."""

    @property
    def precision(self) -> float | None:
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float | None:
        return _share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float | None:
        return _share(2 * self.right, 2 * self.right + self.wrong + self.missed)

    @property
    def kappa(self) -> float | None:
        """https://en.wikipedia.org/wiki/Cohen%27s_kappa of two raters and two categories."""
        total = self.right + self.wrong + self.missed + self.left
        if not total:
            return None
        observed = (self.right + self.left) / total
        yes = (self.right + self.wrong) * (self.right + self.missed) / total**2
        no = (self.missed + self.left) * (self.wrong + self.left) / total**2
        return _share(observed - yes - no, 1 - yes - no)


@dataclass
class Side:
    """What one policy decides: counts, where each source went, and what it approved by itself."""

    counts: Counter[str] = field(default_factory=Counter)
    homes: dict[ItemKey, UUID] = field(default_factory=dict)
    """The item of each source."""
    by_policy: set[ItemKey] = field(default_factory=set)
    imports: set[ItemKey] = field(default_factory=set)
    """Items made of what was imported, because the policy asks for a second pair of eyes."""

    def hear(self, outcomes: Sequence[Outcome]) -> None:
        """Takes what was decided about one input."""
        for outcome in outcomes:
            self.counts.update(_counted(outcome))
            if isinstance(outcome, out.ItemProposed) and outcome.second_pair_for == "import":
                self.imports.add((outcome.shop_id, outcome.item_id))
            match outcome:
                case out.ItemProposed() | out.ItemCorroborated() | out.ItemSplit():
                    self.homes[outcome.shop_id, outcome.source.source_id] = outcome.item_id
                case out.ItemApproved(reviewer_id=None):
                    self.by_policy.add((outcome.shop_id, outcome.item_id))


class Judgement:
    """Hears a log record by record, each with what another policy would have decided."""

    def __init__(self) -> None:
        self.was, self.would = Side(), Side()
        self.flips: list[Flip] = []
        self._first: dict[ItemKey, UUID] = {}
        """The source that each item of the log began with."""
        self._reviewers = Verdicts()
        self._verdicts: dict[ItemKey, bool] = {}

    def hear(self, record: Record, outcomes: Sequence[Outcome]) -> None:
        """One record, and the outcomes of the other policy."""
        self.was.hear(record.outcomes)
        self.would.hear(outcomes)
        for outcome in record.outcomes:
            self._learn(outcome)
        fates = _fate(record.outcomes), _fate(outcomes)
        if record.event is not None and fates[0] != fates[1]:
            event = record.event
            self.flips.append(Flip(event.shop_id, event.id, _words(event.data), *fates))

    @property
    def approval(self) -> Approval:
        """By the other policy, of what reviewers have judged."""
        return self._approval(self.would)

    @property
    def approval_before(self) -> Approval:
        """By the policies that were in force."""
        return self._approval(self.was)

    @property
    def reviews(self) -> tuple[int, int]:
        """How many reviews would be saved, because the policy approves by itself; and how many added."""
        had = {self._would_be(item) for item in self.was.by_policy}
        imports, held = self.was.imports, self.would.imports
        saved, added = self.would.by_policy - had, had - self.would.by_policy
        return len(saved) + len(imports - held), len(added) + len(held - imports)

    def _approval(self, side: Side) -> Approval:
        counted = Counter(
            (verdict, self._item_of(side, item) in side.by_policy) for item, verdict in self._verdicts.items()
        )
        return Approval(
            right=counted[APPROVED, True],
            wrong=counted[REJECTED, True],
            missed=counted[APPROVED, False],
            left=counted[REJECTED, False],
        )

    def _item_of(self, side: Side, item: ItemKey) -> ItemKey:
        """The item in which this side has what the log's item began with."""
        shop, id = item
        return shop, side.homes.get((shop, self._first.get(item, id)), id)

    def _would_be(self, item: ItemKey) -> ItemKey:
        return self._item_of(self.would, item)

    def _learn(self, outcome: Outcome) -> None:
        if isinstance(outcome, out.ItemProposed | out.ItemSplit):
            self._first[outcome.shop_id, outcome.item_id] = outcome.source.source_id
        if (judged := self._reviewers.hear(outcome)) is not None:
            item, verdict = judged
            self._verdicts[item] = verdict


def _counted(outcome: Outcome) -> Iterator[str]:
    match outcome:
        case out.ItemProposed():
            yield "proposed"
            if outcome.conflicts_with:
                yield "conflicting"
        case out.ItemCorroborated():
            yield "merged"
        case out.KnowledgeConfirmed():
            yield "confirmed"
        case out.ItemApproved(reviewer_id=None):
            yield "approved by the policy"


def _fate(outcomes: Sequence[Outcome]) -> str:
    """What became of an input, in words; empty if nothing that a policy decides."""
    told = []
    for outcome in outcomes:
        match outcome:
            case out.ItemProposed(conflicts_with=conflicts):
                told.append("proposed, in conflict" if conflicts else "proposed")
            case out.ItemCorroborated(item_id=id):
                told.append(f"merged into {id}")
            case out.KnowledgeConfirmed(knowledge_id=id):
                told.append(f"confirms {id}")
            case out.EchoIgnored():
                told.append("an echo")
            case out.ItemApproved(reviewer_id=None, by=by):
                told.append(f"approved by {by}")
            case out.KnowledgeImported():
                told.append("imported")
            case RequestRefused(reason="own_source"):
                told.append("refused: own_source")
    return ", ".join(told)


TELLING = ("corrected_answer", "suggested_answer", "content", "answer", "question", "reason", "transcript")


def _words(data: Any) -> str:
    """What an event says, for people to recognise it."""
    said = [
        getattr(data, "question", None),
        next((w for n in TELLING if (w := getattr(data, n, None))), None),
    ]
    return " | ".join(dict.fromkeys(str(each) for each in said if each))


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None
