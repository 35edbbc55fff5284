"""A mixed load: events of every type, repeats, rubbish, and decisions about what was proposed before."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from runtime import kafka
from runtime.appender import Appender
from runtime.settings import Settings
from schemas.codec import event_from
from schemas.event import Event, PartitionData
from schemas.examples import example_of
from schemas.identity import identity
from schemas.review import ItemApproved, ItemRejected
from schemas.task import TaskData
from schemas.topics import EXECUTIONS, LEARNING

SHOPS = 12
AT_ONCE = 8
PAUSE_SECONDS = 0.2
REMEMBERED = 200
"""Events that may be sent again, and corrections that may be reviewed."""

TASKS_SPREAD = 40
"""Events during which tasks have the same id."""
TYPES = {**LEARNING.types, **EXECUTIONS.types}

THINGS = ("bicycle", "oven", "garden chair", "passport photo", "violin", "ferry ticket", "pillow", "camera")
DEEDS = ("return", "insure", "repair", "exchange", "collect", "cancel", "wrap")
QUESTIONS = ("How do I {} a {}?", "I want to {} my {}, what now?", "Can somebody {} the {} for me?")
ANSWERS = ("Within 14 days.", "Within 30 days.", "Not at all.", "Ask at the desk; it costs nothing.")

WEIGHTS = {
    "relearn.response.served.v1": 8,
    "relearn.feedback.given.v1": 6,
    "relearn.conversation.recorded.v1": 4,
    "relearn.response.corrected.v1": 4,
    "relearn.call.transcribed.v2": 3,
    "relearn.task.routed.v1": 4,
    "relearn.task.started.v1": 3,
    "relearn.task.completed.v1": 4,
}
"""How often a type comes; what is not named comes once."""

RUBBISH = (
    *(None, b"", b"not JSON", b"\xff\xfe", b"[" * 2000, b'{"specversion":"1.0"}', b'{"id":"\\ud800"}'),
    *(b"x" * 300_000, b'{"data":{"text":"\\u0000"}}', b"1e999", b"{" * 100_000),
)
OWN_PACE = {"relearn.policy.adopted.v1", "relearn.retention.advanced.v1"}
"""Would change what all others mean, or delete them."""


class MixedLoad:
    """Appends for as long as it is wanted, as services do: what was not acknowledged is sent again."""

    def __init__(self, settings: Settings, chance: random.Random) -> None:
        self.acknowledged: list[UUID] = []
        self.rubbish = 0
        self.kinds = Counter[str]()
        self._settings = settings
        self._chance = chance
        self._sent = deque[Event[Any]](maxlen=REMEMBERED)
        self._items = deque[tuple[int, UUID]](maxlen=REMEMBERED)
        newest = {kind.TYPE for domain in (LEARNING, EXECUTIONS) for kind in domain.newest.values()}
        self._types = sorted(newest - OWN_PACE)
        self._weights = [WEIGHTS.get(name, 1) for name in self._types]

    async def run(self) -> None:
        batch = self._batch()
        while True:
            try:
                async with kafka.producer(self._settings) as producer:
                    appender = Appender(producer, self._settings.topic, LEARNING)
                    while True:
                        await appender.append(*batch)
                        self._remember(batch)
                        await self._soil(producer)
                        batch = self._batch()
                        await asyncio.sleep(PAUSE_SECONDS)
            except KafkaError:
                await asyncio.sleep(PAUSE_SECONDS)

    def _batch(self) -> list[Event[Any]]:
        return list(self._events())

    def _events(self) -> Iterator[Event[Any]]:
        for name in self._chance.choices(self._types, self._weights, k=AT_ONCE):
            yield self._event(name)
        if self._sent and self._chance.random() < 0.3:
            yield self._chance.choice(self._sent)
        if self._items and self._chance.random() < 0.5:
            yield self._review(*self._chance.choice(self._items))

    def _event(self, name: str) -> Event[Any]:
        said = example_of(name, uuid4(), datetime.now(UTC))
        kind = TYPES[name]
        if issubclass(kind, PartitionData):
            said["data"]["partition"] = self._chance.randrange(self._settings.partitions)
        elif issubclass(kind, TaskData):
            said["subject"] = said["data"]["task_id"] = f"task-{len(self.acknowledged) // TASKS_SPREAD}"
        else:
            said["shopid"] = 1 + self._chance.randrange(SHOPS)
        self._colour(said["data"])
        return event_from(said, TYPES)

    def _colour(self, data: dict[str, Any]) -> None:
        """Other words and conversations than the example's, often near to those of another event."""
        words = self._chance.choice(QUESTIONS).format(self._chance.choice(DEEDS), self._chance.choice(THINGS))
        answer = self._chance.choice(ANSWERS)
        if "conversation_id" in data:
            data["conversation_id"] = str(uuid4())
        if "question" in data:
            data["question"] = words
        for name in ("corrected_answer", "content"):
            if name in data:
                data[name] = answer
        for message in data.get("messages", ()):
            message["content"] = words if message["role"] == "user" else answer
        if "transcript" in data:
            data["transcript"] = f"Caller: {words} I was told: {answer} That was wrong."
            data |= {"question": words, "suggested_answer": answer}

    def _review(self, shop: int, item: UUID) -> Event[Any]:
        data: Any = ItemApproved(
            item_id=item, reviewer_id=uuid4(), edited_content=self._chance.choice(ANSWERS)
        )
        if self._chance.random() < 0.3:
            data = ItemRejected(item_id=item, reviewer_id=uuid4(), reason="not so")
        return Event(uuid4(), "/tests", datetime.now(UTC), shop, None, data)

    def _remember(self, batch: list[Event[Any]]) -> None:
        for event in batch:
            self.acknowledged.append(event.id)
            self.kinds[event.type] += 1
            self._sent.append(event)
            if event.type == "relearn.response.corrected.v1":
                self._items.append((event.shop_id, identity(event.shop_id, event.id, "item")))

    async def _soil(self, producer: AIOKafkaProducer) -> None:
        if self._chance.random() < 0.8:
            return
        topic = self._settings.topic(self._chance.choice((*LEARNING.inputs, *EXECUTIONS.inputs)).name)
        await producer.send_and_wait(
            topic,
            self._chance.choice(RUBBISH),
            key=self._chance.choice([b"7", b"8", b"x"]),
            partition=self._chance.randrange(self._settings.partitions),
        )
        self.rubbish += 1
