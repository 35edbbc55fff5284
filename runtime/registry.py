"""The registry: which generation of each domain's log is the current one. Everybody follows it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from runtime import kafka
from runtime.closing import connected
from runtime.settings import Settings
from schemas.generation import Registered
from schemas.topics import GENERATIONS

POLL_MS = 200
LONGEST_WAIT_MS = 10_000
"""How long a broker may keep a part waiting that asks for what is new: next to nothing ever is."""

log = structlog.get_logger(__name__)


class GenerationChanged(Exception):
    """What a process was started for is no longer so: it has to begin anew."""


async def registered(settings: Settings) -> dict[str, Registered]:
    """What the registry says of each domain that it knows; nothing where there is no registry yet."""
    async with connected(kafka.consumer(settings)) as consumer:
        if settings.topic(GENERATIONS.name) not in await consumer.topics():
            return {}
        return await _read(consumer, settings)


async def followed(settings: Settings) -> Settings:
    """The settings, with topics as the registry names them now."""
    return settings.following(await registered(settings))


async def settled(settings: Settings, *, writes_inputs: bool = False) -> Settings:
    """The same, for parts: once none of their domains is between two generations.

    `writes_inputs`: whether inputs that are closed keep the part from its work.
    """
    while True:
        found = await registered(settings)
        served = [each for name, each in found.items() if name in settings.domains]
        between = [each for each in served if _is_between(each, writes_inputs)]
        if not between:
            return settings.following(found)
        log.info("waiting for a generation to be adopted", domain=between[0].domain, next=between[0].next)
        await asyncio.sleep(POLL_MS / 1000)


def _is_between(domain: Registered, writes_inputs: bool) -> bool:
    """Whether a part has to wait. Inputs that are closed still have to be drained."""
    return domain.phase == "adopting" or (writes_inputs and domain.phase == "closing")


async def register(settings: Settings, domain: Registered) -> None:
    """Lets everybody know, in one step."""
    value, key = domain.model_dump_json(exclude_none=True).encode(), domain.domain.encode()
    async with connected(kafka.producer(settings)) as producer:
        await producer.send_and_wait(settings.topic(GENERATIONS.name), value, key, partition=0)


class Following:
    """Watches the registry for a part that was started with what it said then."""

    def __init__(self, settings: Settings, *, writes_inputs: bool = False) -> None:
        """`settings`: as `settled` gave them."""
        self._settings = settings
        self._writes_inputs = writes_inputs
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Returns when stopped.

        Raises:
            GenerationChanged: if another generation of a served domain is current, or about to be.
        """
        watching, over = asyncio.ensure_future(self._watch()), asyncio.ensure_future(self._over.wait())
        done, _ = await asyncio.wait({watching, over}, return_when=asyncio.FIRST_COMPLETED)
        for each in (watching, over):
            each.cancel()
        await asyncio.gather(watching, over, return_exceptions=True)
        if watching in done:
            watching.result()

    async def _watch(self) -> None:
        async for found in self._said():
            for name in self._settings.domains:
                if self._differs(name, found.get(name)):
                    raise GenerationChanged(name)

    def stop(self) -> None:
        """Lets `run` end."""
        self._over.set()

    def _differs(self, name: str, found: Registered | None) -> bool:
        known = self._settings.registered(name)
        if found is None:
            return False
        return found.current != known.current or _is_between(found, self._writes_inputs)

    async def _said(self) -> AsyncIterator[Mapping[str, Registered]]:
        """All that the registry says now, and again whenever it says something new."""
        tp = TopicPartition(self._settings.topic(GENERATIONS.name), 0)
        async with connected(kafka.consumer(self._settings, fetch_max_wait_ms=LONGEST_WAIT_MS)) as consumer:
            while tp.topic not in await consumer.topics():  # noqa: ASYNC110 - a topic tells nobody that it is there
                await asyncio.sleep(LONGEST_WAIT_MS / 1000)
            # What it said in the past is no news.
            found = await _read(consumer, self._settings)
            while True:
                yield found
                found |= _parsed(await self._news(consumer, tp))

    async def _news(self, consumer: AIOKafkaConsumer, tp: TopicPartition) -> Sequence[ConsumerRecord]:
        try:
            messages: Sequence[ConsumerRecord]
            messages = (await consumer.getmany(tp, timeout_ms=LONGEST_WAIT_MS)).get(tp, ())
        except KafkaError as error:
            # Whoever works with the brokers will tell; here nothing depends on it.
            log.info("the registry cannot be read", reason=repr(error))
            await asyncio.sleep(POLL_MS / 1000)
            return ()
        return messages


async def _read(consumer: AIOKafkaConsumer, settings: Settings) -> dict[str, Registered]:
    tp = TopicPartition(settings.topic(GENERATIONS.name), 0)
    consumer.assign([tp])
    await consumer.seek_to_beginning(tp)
    end = (await consumer.end_offsets([tp]))[tp]
    found: dict[str, Registered] = {}
    while await consumer.position(tp) < end:
        fetched = await consumer.getmany(tp, timeout_ms=POLL_MS)
        found |= _parsed(fetched.get(tp, ()))
    return found


def _parsed(messages: Sequence[ConsumerRecord]) -> dict[str, Registered]:
    said = (Registered.model_validate_json(message.value) for message in messages)
    return {each.domain: each for each in said}
