"""The demo's scenario, decided with the real model by the enricher's and the decider's own functions: no broker."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from cli.scenario import Message, phases
from runtime.embedding import Embedder
from runtime.sentiment import sentiment_analyser
from schemas.enriched import decode
from schemas.policy import LearningPolicy
from schemas.topics import LEARNING
from streams.enrichment.check import RawInput
from streams.enrichment.enricher import Enricher
from streams.learning.decider import Learning
from streams.partition import Decision, Machine, Opening

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)
AT = int(NOW.timestamp() * 1000)
MODEL = "all-MiniLM-L6-v2"
PHASES = phases(NOW, partitions=1, embedding_model=MODEL)
MESSAGES = [message for phase in PHASES for message in phase.messages]


def decide(embedder: Embedder, messages: Sequence[Message] = MESSAGES) -> list[Decision]:
    """The opening, and what is decided about each message, a millisecond each, all in one partition."""
    enricher = Enricher(LEARNING, embedder, sentiment_analyser("vader"), partitions=1)
    offsets: Counter[str] = Counter()
    inputs = []
    for number, message in enumerate(messages):
        place = (message.topic, 0, offsets[message.topic], AT + number)
        inputs.append(RawInput(*place, message.key, message.value))
        offsets[message.topic] += 1
    machine = Machine(Learning())
    state = machine.new(0)
    opening = machine.open(state, Opening(LearningPolicy(), MODEL, 1), AT)
    enriched = [decode(each.value) for each in asyncio.run(enricher.enrich(inputs))]
    decisions = [machine.take(state, number, *each) for number, each in enumerate(enriched)]
    return [opening, *(decision for decision in decisions if isinstance(decision, Decision))]
