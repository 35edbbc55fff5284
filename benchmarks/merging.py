"""How good merging is on real questions, and what the threshold does to it.

Decides customers' questions (Banking77, as calls) with the real decider and real vectors, without servers, and
counts how many sources joined an item of their own intent. `--sample N` prints N merges to read.

    python -m benchmarks.merging PATH/banking77_train.csv --sample 100
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cli.importers import IMPORTERS, Plan
from runtime.embedding import Embedder
from runtime.sentiment import sentiment_analyser
from schemas import codec, enriched
from schemas.enriched import Enriched
from schemas.event import Event
from schemas.learning import ItemCorroborated
from schemas.policy import LearningPolicy
from schemas.topics import LEARNING
from streams.enrichment.check import RawInput
from streams.enrichment.enricher import Enricher
from streams.learning.decider import Learning
from streams.partition import Decision, Machine, Opening

THRESHOLDS = (0.80, 0.85, 0.90)
BATCH = 512


@dataclass(frozen=True)
class Merge:
    """A question that joined an item of another question."""

    question: str
    intent: str
    item_question: str
    item_intent: str
    similarity: float


class _Mood:
    def __init__(self) -> None:
        self._analyser = sentiment_analyser("none")

    def mood(self, text: str) -> enriched.Mood:
        found = self._analyser.analyse(text)
        return enriched.Mood(found.label, found.score, self._analyser.name)


async def enrich(path: Path, embedder: Embedder) -> list[Enriched]:
    """Every row as an enriched call of one shop, all of them negative."""
    enricher = Enricher(LEARNING, embedder, _Mood(), 1)
    events = list(IMPORTERS["banking77"].events(path, Plan((1,), datetime(2026, 1, 1, tzinfo=UTC))))
    raws = [raw_input(offset, event) for offset, event in enumerate(events)]
    messages = [m for at in range(0, len(raws), BATCH) for m in await enricher.enrich(raws[at : at + BATCH])]
    decoded = [enriched.decode(message.value)[0] for message in messages]
    return [message for message in decoded if isinstance(message, Enriched)]


def raw_input(offset: int, event: Event) -> RawInput:  # type: ignore[type-arg]
    data = event.data.model_copy(update={"sentiment": "negative"})
    angry = Event(event.id, event.source, event.time, event.shop_id, event.subject, data)
    at = int(event.time.timestamp() * 1000)
    return RawInput("learning.events", 0, offset, at, b"1", codec.encode(angry))


def decide(messages: list[Enriched], threshold: float, model: str) -> tuple[int, list[Merge]]:
    """How many items are left, and the merges."""
    machine = Machine(Learning())
    state = machine.new(0)
    machine.open(state, Opening(LearningPolicy(similarity_threshold=threshold), model, 1), 0)
    said: dict[object, tuple[str, str]] = {}
    merges: list[Merge] = []
    for offset, message in enumerate(messages):
        decided = machine.take(state, offset, message, codec.parse(message.raw))
        assert isinstance(decided, Decision)
        merges.extend(merges_of(decided, said))
    return len(state.domain.shop(1).items), merges


def merges_of(decided: Decision, said: dict[object, tuple[str, str]]) -> Iterator[Merge]:
    event = decided.record.event
    assert event is not None
    mine = (event.data.question, event.data.entities["intent"])  # type: ignore[attr-defined]
    for outcome in decided.record.outcomes:
        if isinstance(outcome, ItemCorroborated):
            yield Merge(*mine, *said[outcome.item_id], outcome.similarity)
        elif (item_id := getattr(outcome, "item_id", None)) is not None:
            said[item_id] = mine


async def main() -> None:
    """Prints the table, and the sample at the policy's own threshold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", type=Path)
    parser.add_argument("--sample", type=int, default=0)
    parser.add_argument("--cache", type=Path, help="keep vectors here between runs")
    asked = parser.parse_args()
    embedder = await asyncio.to_thread(Embedder, "all-MiniLM-L6-v2", asked.cache)
    messages = await enrich(asked.path, embedder)
    embedder.close()
    print("threshold  items  merged  into the same intent")
    for threshold in THRESHOLDS:
        items, merges = decide(messages, threshold, embedder.model)
        same = sum(merge.intent == merge.item_intent for merge in merges) / len(merges)
        print(f"{threshold:9.2f} {items:6d} {len(merges):7d}  {same:.3f}")
        if threshold == LearningPolicy().similarity_threshold:
            chosen = random.Random(7).sample(merges, min(asked.sample, len(merges)))
    for merge in chosen:
        mark = " " if merge.intent == merge.item_intent else "*"
        print(f"{mark} {merge.similarity:.3f}  {merge.question}  |  {merge.item_question}")


if __name__ == "__main__":
    asyncio.run(main())
