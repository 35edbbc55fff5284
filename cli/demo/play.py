"""Plays a scenario: sends each chapter, and waits until all of it is in the tables."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaProducer
from rich.console import Console
from rich.padding import Padding
from rich.status import Status
from rich.text import Text

from cli.chores import JOBS, Workshop
from cli.demo.watch import Watch
from cli.scenario import Message, Phase, phases
from cli.status import until_caught_up
from runtime import kafka
from runtime.appender import every_type
from runtime.closing import connected
from runtime.decisions import Place
from runtime.settings import Settings
from schemas.codec import decode
from schemas.event import PartitionData
from schemas.failures import InvalidEvent
from schemas.keys import key_of
from schemas.topics import DOMAINS, LEARNING

TIMEOUT_SECONDS = 600.0
"""For one chapter to become visible."""

CLOSING_JOBS = ("ab-winners", "refresh-daily-metrics", "refresh-response-metrics")
"""What the scheduler would do in the night after."""


@dataclass(frozen=True, slots=True)
class Performance:
    """How it went: how many messages, and in how many seconds each chapter was sent and visible."""

    phases: Sequence[Phase]
    seconds: Sequence[float]

    @property
    def messages(self) -> int:
        """All that was sent."""
        return sum(len(phase.messages) for phase in self.phases)


async def play(
    settings: Settings, watch: Watch, scenes: Sequence[Phase] | None, out: Console, state: Status
) -> Performance:
    """Plays these scenes, or the bundled ones."""
    clock = watch.clock
    scenes = scenes or phases(
        clock.now(), partitions=settings.partitions, embedding_model=settings.embedding_model
    )
    seconds = []
    async with connected(kafka.producer(settings, linger_ms=5)) as producer:
        for number, scene in enumerate(scenes, start=1):
            state.update(f"{scene.name}: {len(scene.messages)} messages …")
            began = clock.monotonic()
            async with asyncio.timeout(TIMEOUT_SECONDS):
                await watch.until_visible(await _send(producer, settings, scene.messages))
            seconds.append(clock.monotonic() - began)
            _tell(out, number, scene, seconds[-1])
        for name in CLOSING_JOBS:
            await JOBS[name].do(Workshop(settings, producer, clock))
    await until_caught_up(settings, TIMEOUT_SECONDS)
    return Performance(scenes, seconds)


async def _send(producer: AIOKafkaProducer, settings: Settings, messages: Sequence[Message]) -> set[Place]:
    sent = [
        await producer.send(settings.topic(each.topic), each.value, each.key, partition=each.partition)
        for each in messages
    ]
    delivered = await asyncio.gather(*sent)
    return {(each.topic, done.partition, done.offset) for each, done in zip(messages, delivered, strict=True)}


def _tell(out: Console, number: int, scene: Phase, seconds: float) -> None:
    out.print(
        Text(f"{number:>2}  {scene.name}", style="bold"), f"({len(scene.messages)} messages, {seconds:.1f} s)"
    )
    out.print(Padding(Text(scene.story, style="dim"), (0, 0, 0, 4)))


def from_file(file: Path) -> list[Phase]:
    """One chapter of all lines of a file, in one go. What cannot be read is sent all the same, as a service might."""
    lines = [line.strip() for line in file.read_bytes().splitlines() if line.strip()]
    messages = tuple(_message(number, line) for number, line in enumerate(lines, start=1))
    return [Phase(file.name, f"The events of {file}.", (), messages)]


def _message(number: int, line: bytes) -> Message:
    name = f"line {number}"
    try:
        event = decode(line, every_type())
    except InvalidEvent as error:
        return Message(name, LEARNING.inputs[0].name, None, line, why=error.reason)
    topic = next(t for domain in DOMAINS.values() if (t := domain.input_of(event.type)) is not None)
    partition = event.data.partition if isinstance(event.data, PartitionData) else None
    return Message(name, topic.name, key_of(event), line, partition, event)
