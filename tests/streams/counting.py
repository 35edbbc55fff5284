"""A tiny domain for tests of what all domains share: shops add numbers, and the feed tells each shop's total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from schemas.control import DeadLetterDiscarded, DeadLetterRetried, PolicyAdopted, Tick
from schemas.enriched import Enrichment
from schemas.event import Event, EventData, ShopData
from schemas.outcome import GENERAL, Outcome
from schemas.record import Record
from schemas.topics import DAY_MS, FOR_EVER, MAX_INPUT_BYTES, MAX_RECORD_BYTES, DomainTopics, Topic
from streams.domain import Feed, Given
from streams.partition import Opening

MODEL = "tiny"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class NumberSaid(ShopData):
    TYPE: ClassVar[str] = "relearn.number.said.v1"

    number: int
    padding: str = ""


class NumberAdded(Outcome):
    """`notes` is there to be large."""

    kind: Literal["NumberAdded"] = "NumberAdded"
    number: int
    total: int
    notes: Mapping[str, Any] = Field(default_factory=dict)


class TicksCounted(Outcome):
    kind: Literal["TicksCounted"] = "TicksCounted"
    ticks: int


class TotalForgotten(Outcome):
    FORGETS: ClassVar[bool] = True
    kind: Literal["TotalForgotten"] = "TotalForgotten"


class CountingPolicy(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    factor: int = 1


@dataclass(slots=True)
class Totals:
    shops: dict[int, int] = field(default_factory=dict)
    events: int = 0
    ticks: int = 0


def _topic(
    name: str, retention_ms: int, max_bytes: int, *types: type[EventData], compact: bool = False
) -> Topic:
    cleanup: Literal["delete", "compact"] = "compact" if compact else "delete"
    return Topic(name, "shop", "for tests", ("anyone",), ("anyone",), retention_ms, max_bytes, cleanup, types)


CONTROL_TYPES = (Tick, PolicyAdopted, DeadLetterRetried, DeadLetterDiscarded)

TOPICS = DomainTopics(
    name="counting",
    inputs=(
        _topic("counting.events", 30 * DAY_MS, MAX_INPUT_BYTES, NumberSaid),
        _topic("counting.control", 30 * DAY_MS, MAX_INPUT_BYTES, *CONTROL_TYPES),
    ),
    control="counting.control",
    enriched=_topic("counting.enriched", 7 * DAY_MS, MAX_RECORD_BYTES),
    log=_topic("counting.decisions", FOR_EVER, MAX_RECORD_BYTES),
    feeds=(_topic("counting.totals", FOR_EVER, MAX_INPUT_BYTES, compact=True),),
)
EVENTS, CONTROL = (topic.name for topic in TOPICS.inputs)
FEED = TOPICS.feeds[0].name


class Counting:
    """Adds up numbers. One of 13 brings bad luck: nothing can be decided about it. After -13 a total is forgotten."""

    topics = TOPICS
    outcomes = (*GENERAL, NumberAdded, TicksCounted, TotalForgotten)
    policy = CountingPolicy

    def new_state(self) -> Totals:
        return Totals()

    def expect(self, state: Totals, policy: CountingPolicy, coming: Sequence[tuple[int, Enrichment]]) -> None:
        pass

    def decide(self, state: Totals, policy: CountingPolicy, given: Given) -> Iterator[Outcome]:
        match given.data:
            case NumberSaid(number=13):
                raise ArithmeticError("13")
            case NumberSaid(number=-13):
                yield TotalForgotten(shop_id=given.shop_id)
            case NumberSaid(number=number, padding=padding):
                # One by one, so that a decision is seen to see those before it.
                for sign in (1,) if number % 2 else (1, 1, -1):
                    total = state.shops.get(given.shop_id, 0) + sign * number * policy.factor
                    yield NumberAdded(
                        shop_id=given.shop_id,
                        number=sign * number,
                        total=total,
                        notes={"padding": padding, "x": None},
                    )
            case Tick():
                yield TicksCounted(ticks=state.ticks + 1)

    def observe(self, state: Totals, policy: CountingPolicy, given: Given) -> None:
        state.events += 1

    def evolve(self, state: Totals, given: Given, outcome: Outcome) -> None:
        match outcome:
            case NumberAdded(total=total):
                state.shops[given.shop_id] = total
            case TicksCounted(ticks=ticks):
                state.ticks = ticks
            case TotalForgotten():
                state.shops.pop(given.shop_id)

    def erasures(self, records: Iterable[Record]) -> None:
        return None

    def erased(self, record: Record, erasures: None) -> Record:
        return record

    def feeds(self, state: Totals, given: Given, outcome: Outcome) -> Iterator[Feed]:
        if isinstance(outcome, NumberAdded):
            total = state.shops[given.shop_id]
            yield Feed(FEED, b"%d" % given.shop_id, b"%d" % total if total else None)


def opening(partitions: int = 1) -> Opening:
    return Opening(CountingPolicy(), MODEL, partitions)


def said(number: int, *, shop: int = 7, id: int, padding: str = "") -> Event[NumberSaid]:
    return Event(UUID(int=id), "/tests", NOON, shop, None, NumberSaid(number=number, padding=padding))


def tick(partition: int = 0, *, id: int) -> Event[Tick]:
    return Event(UUID(int=id), "/tests", NOON, 0, None, Tick(partition=partition))


def adopted(policy: dict[str, Any], *, id: int, model: str = MODEL) -> Event[PolicyAdopted]:
    return Event(
        UUID(int=id),
        "/tests",
        NOON,
        0,
        None,
        PolicyAdopted(partition=0, policy=policy, embedding_model=model),
    )
