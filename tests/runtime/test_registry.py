"""The registry: what it says is followed, by name, by number, and at once."""

from __future__ import annotations

import asyncio

import pytest

from runtime.kafka import create_topics
from runtime.registry import Following, GenerationChanged, followed, register, settled
from runtime.settings import Settings
from schemas.generation import Generation, Registered, Transformation, names_of
from schemas.topics import EXECUTIONS, GENERATIONS, LEARNING

FIRST = Generation(number=1, model="small", partitions=4)


def later(kind: str, before: Generation = FIRST, number: int = 2) -> Generation:
    names = names_of(LEARNING, number, kind, before)  # type: ignore[arg-type]
    made = Transformation(kind=kind, of=before.number)  # type: ignore[arg-type]
    return Generation(number=number, model="large", partitions=7, names=names, transformation=made)


def said(*generations: Generation, current: int = 1, **more: object) -> Registered:
    return Registered(domain="learning", current=current, generations=generations, **more)  # type: ignore[arg-type]


def test_inputs_and_feeds_are_others_only_where_keys_change_their_homes() -> None:
    kept = later("model").names
    assert kept["learning.decisions"] == "learning.decisions.2"
    assert kept["relearn-learning-enricher"] == "relearn-learning-enricher.2"
    assert not {"learning.events", "knowledge.live"} & kept.keys()
    moved = later("partitions")
    assert moved.names["learning.events"] == "learning.events.2"
    third = later("erased", moved, 3).names
    assert third["learning.events"] == "learning.events.2"
    assert third["learning.decisions"] == "learning.decisions.3"


def test_a_generation_is_of_its_domain_alone() -> None:
    settings = Settings(kafka_bootstrap_servers="x", database_url="y", topic_prefix="p.")
    then = settings.following({"learning": said(FIRST, later("partitions"), current=2)})
    assert then.topic("learning.events") == "p.learning.events.2"
    assert then.topic("tasks.events") == "p.tasks.events"
    assert then.partitions_of(LEARNING.log) == 7
    assert then.partitions_of(EXECUTIONS.log) == settings.partitions
    assert then.partitions_of(GENERATIONS) == 1
    assert (then.of("learning").embedding_model, then.of("learning").partitions) == ("large", 7)
    assert then.of("executions") is then
    assert then.within("learning", 1).topic("learning.events") == "p.learning.events"
    assert then.environment() == settings.environment(), "each process asks the registry itself"
    with pytest.raises(LookupError, match="has no generation 9"):
        then.within("learning", 9)


async def test_what_is_registered_is_followed(kafka_settings: Settings) -> None:
    assert (await followed(kafka_settings)).registered("learning").current == 1, "there is no registry yet"
    await create_topics(kafka_settings, [GENERATIONS])
    await register(kafka_settings, said(FIRST, later("model")))
    assert (await followed(kafka_settings)).topic("learning.decisions").endswith("learning.decisions")
    await register(kafka_settings, said(FIRST, later("model"), current=2))
    now = await followed(kafka_settings)
    assert now.topic("learning.decisions").endswith("learning.decisions.2")


async def test_parts_wait_while_a_generation_is_adopted(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, [GENERATIONS])
    both = (FIRST, later("partitions"))
    await register(kafka_settings, said(*both, phase="closing", next=2))
    assert (await settled(kafka_settings)).registered("learning").current == 1, "inputs are drained meanwhile"
    writer = asyncio.create_task(settled(kafka_settings, writes_inputs=True))
    await register(kafka_settings, said(*both, phase="adopting", next=2))
    part = asyncio.create_task(settled(kafka_settings))
    await asyncio.sleep(0.5)
    assert not writer.done()
    assert not part.done()
    await register(kafka_settings, said(*both, current=2))
    async with asyncio.timeout(20):
        assert (await writer).registered("learning").current == 2
        assert (await part).registered("learning").current == 2


async def test_what_the_registry_said_before_is_no_news(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, [GENERATIONS])
    both = (FIRST, later("model"))
    for _ in range(20):
        await register(kafka_settings, said(*both, phase="adopting", next=2))
    await register(kafka_settings, said(*both, current=2))
    following = Following(await settled(kafka_settings))
    task = asyncio.create_task(following.run())
    await asyncio.sleep(2)
    assert not task.done()
    following.stop()
    async with asyncio.timeout(5):
        await task


async def test_a_part_hears_that_it_has_to_begin_anew(kafka_settings: Settings) -> None:
    await create_topics(kafka_settings, [GENERATIONS])
    await register(kafka_settings, said(FIRST, later("model")))
    others = Following(kafka_settings.model_copy(update={"domains": ("executions",)}))
    unmoved = asyncio.create_task(others.run())
    following = Following(await followed(kafka_settings))
    task = asyncio.create_task(following.run())
    await register(kafka_settings, said(FIRST, later("model"), phase="adopting", next=2))
    with pytest.raises(GenerationChanged):
        async with asyncio.timeout(20):
            await task
    assert not unmoved.done()
    others.stop()
    await unmoved
