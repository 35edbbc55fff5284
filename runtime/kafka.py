"""Kafka clients, all alike: TLS and SASL from the settings, durable writes, committed reads."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import TopicAlreadyExistsError, for_code

from runtime.closing import connected
from runtime.settings import Settings
from schemas.topics import MAX_RECORD_BYTES, Topic

ENVELOPE_BYTES = 64 * 1024
"""Room for what Kafka itself adds to the largest record: batch header, key, message headers."""

FETCH_BYTES = 48 * 1024 * 1024
"""One answer of a broker: several of the largest records."""


LONGEST_POLL_MS = 50
"""How long a broker may keep a consumer waiting for messages.

A consumer has one question open at each broker, about the partitions of which it holds nothing. What it meanwhile
uses up of another partition it can ask for only after the answer: that is how long a full partition may stand still.
"""

CLOSED_BYTES = 100
"""The largest message of a topic that is closed: there is room for the markers of transactions, and for no event."""

HEARD_SECONDS = 1.5
"""How long it may take until every broker acts by a topic's new settings; a few milliseconds as a rule."""

OF_TOPIC = 1
"""How a broker says that a setting is the topic's own (DescribeConfigs, config_source)."""

LEADER_SECONDS = 30.0
"""How long a new topic may take to find its leaders."""


class TopicRefused(Exception):
    """A broker would not create a topic. The message says which and why."""


def connection(settings: Settings) -> Mapping[str, Any]:
    """What every client of aiokafka is told of how to reach the brokers."""
    told: dict[str, Any] = {
        "bootstrap_servers": settings.kafka_bootstrap_servers,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.endswith("SSL"):
        told["ssl_context"] = _tls(settings)
    if settings.kafka_security_protocol.startswith("SASL") and settings.kafka_sasl_password is not None:
        told["sasl_mechanism"] = settings.kafka_sasl_mechanism
        told["sasl_plain_username"] = settings.kafka_sasl_username
        told["sasl_plain_password"] = settings.kafka_sasl_password.get_secret_value()
    return told


def producer(settings: Settings, **options: Any) -> AIOKafkaProducer:
    """A producer, not started, that waits for all replicas and never writes twice.

    `options` are aiokafka's.
    """
    told: dict[str, Any] = {
        **connection(settings),
        "acks": "all",
        "enable_idempotence": True,
        "max_request_size": MAX_RECORD_BYTES + ENVELOPE_BYTES,
    }
    return AIOKafkaProducer(**(told | options))


def consumer(
    settings: Settings, *topics: str, group_id: str | None = None, **options: Any
) -> AIOKafkaConsumer:
    """A consumer, not started, of what is committed, from the beginning, that commits nothing by itself.

    `topics` are names on the broker, as `settings.topic` gives them; `options` are aiokafka's.
    """
    told: dict[str, Any] = {
        **connection(settings),
        "group_id": group_id,
        "isolation_level": "read_committed",
        "auto_offset_reset": "earliest",
        "enable_auto_commit": False,
        "max_partition_fetch_bytes": MAX_RECORD_BYTES + ENVELOPE_BYTES,
        "fetch_max_bytes": FETCH_BYTES,
        "fetch_max_wait_ms": LONGEST_POLL_MS,
    }
    return AIOKafkaConsumer(*topics, **(told | options))


def admin(settings: Settings, **options: Any) -> AIOKafkaAdminClient:
    """An admin client, not started; `options` are aiokafka's."""
    return AIOKafkaAdminClient(**(dict(connection(settings)) | options))


async def create_topics(settings: Settings, topics: Iterable[Topic]) -> list[str]:
    """Creates those that are not there yet, waits until all have leaders, and returns their names.

    Raises:
        TopicRefused: if a broker refuses one.
    """
    declared = {settings.topic(topic.name): topic for topic in topics}
    async with connected(admin(settings)) as client:
        wanted = sorted(set(declared) - set(await client.list_topics()))
        if wanted:
            await _create(client, [_new_topic(settings, name, declared[name]) for name in wanted])
            await _until_led(client, {name: settings.partitions_of(declared[name]) for name in wanted})
    return wanted


async def topic_differences(settings: Settings, topics: Iterable[Topic]) -> list[str]:
    """How the brokers' topics differ from their declarations, one sentence each; empty when they do not."""
    declared = {settings.topic(topic.name): topic for topic in topics}
    async with connected(admin(settings)) as client:
        found = await _partition_counts(client, list(declared))
        configs = await _configs(client, [name for name in declared if name in found])
    return list(_differences(settings, declared, found, configs))


async def close_topics(settings: Settings, topics: Sequence[Topic]) -> None:
    """Lets the brokers refuse whatever is written to these topics; what stands in them can be read.

    Returns when that is so: each broker hears of it some moments after it was said.
    """
    await _limit(settings, topics, str(CLOSED_BYTES))
    await asyncio.sleep(HEARD_SECONDS)


async def reopen_topics(settings: Settings, topics: Sequence[Topic]) -> None:
    """Takes that back."""
    for topic in topics:
        await _limit(settings, [topic], _config(settings, topic)["max.message.bytes"])


async def delete_topics(settings: Settings, names: Sequence[str]) -> None:
    """Deletes these topics (names at the broker) where they are there."""
    async with connected(admin(settings)) as client:
        if there := sorted(set(names) & set(await client.list_topics())):
            await client.delete_topics(there)


async def widen_topic(settings: Settings, topic: Topic, partitions: int) -> None:
    """Gives a topic at least so many partitions."""
    name = settings.topic(topic.name)
    async with connected(admin(settings)) as client:
        if (await _partition_counts(client, [name])).get(name, partitions) < partitions:
            await client.create_partitions({name: NewPartitions(partitions)})
            await _until_led(client, {name: partitions})


async def _limit(settings: Settings, topics: Sequence[Topic], max_bytes: str) -> None:
    async with connected(admin(settings)) as client:
        names = [settings.topic(topic.name) for topic in topics]
        # Whoever alters one setting has to repeat the others.
        found = await _configs(client, names, own=True)
        told = [
            ConfigResource(ConfigResourceType.TOPIC, name, {**found[name], "max.message.bytes": max_bytes})
            for name in names
        ]
        for answer in await client.alter_configs(told) if told else ():
            for code, message, _, name in answer.resources:
                if code:
                    raise TopicRefused(
                        f"topic {name} cannot be changed: {message or for_code(code).description}"
                    )


async def topic_configs(settings: Settings, topics: Iterable[Topic]) -> dict[str, dict[str, str]]:
    """What the brokers' own settings of these topics are, by the topic's name without prefix; missing ones lack."""
    names = {settings.topic(topic.name): topic.name for topic in topics}
    async with connected(admin(settings)) as client:
        found = await _partition_counts(client, list(names))
        configs = await _configs(client, list(found))
    return {names[name]: told for name, told in configs.items()}


def _differences(
    settings: Settings,
    declared: Mapping[str, Topic],
    found: Mapping[str, int],
    configs: Mapping[str, Mapping[str, str]],
) -> Iterator[str]:
    for name, topic in declared.items():
        if name not in found:
            yield f"topic {name} is missing"
            continue
        if found[name] != (wanted := settings.partitions_of(topic)):
            yield f"topic {name} has {found[name]} partitions, not {wanted}"
        for key, value in _config(settings, topic).items():
            if configs[name].get(key) != value:
                yield f"topic {name} has {key}={configs[name].get(key)}, not {value}"


def _tls(settings: Settings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.kafka_ssl_cafile)
    if settings.kafka_ssl_certfile is not None:
        context.load_cert_chain(settings.kafka_ssl_certfile, settings.kafka_ssl_keyfile)
    return context


def _new_topic(settings: Settings, name: str, topic: Topic) -> NewTopic:
    config = dict(_config(settings, topic))
    return NewTopic(
        name, settings.partitions_of(topic), settings.kafka_replication_factor, topic_configs=config
    )


def _config(settings: Settings, topic: Topic) -> Mapping[str, str]:
    """As declared, with room for the batch's header: brokers count it, declarations do not."""
    return {
        **topic.config,
        "max.message.bytes": str(topic.max_bytes + ENVELOPE_BYTES),
        "min.insync.replicas": str(settings.kafka_min_insync_replicas),
    }


async def _create(client: AIOKafkaAdminClient, topics: list[NewTopic]) -> None:
    answer = await client.create_topics(topics)
    for name, code, message in answer.topic_errors:
        # Another process may have been faster: that is as good.
        if code not in (0, TopicAlreadyExistsError.errno):
            raise TopicRefused(f"topic {name} cannot be created: {message or for_code(code).description}")


async def _until_led(client: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> None:
    """Waits: a broker answers for a new topic some milliseconds before all its partitions have a leader."""
    deadline = asyncio.get_running_loop().time() + LEADER_SECONDS
    while late := await _without_leader(client, wanted):
        if asyncio.get_running_loop().time() > deadline:
            raise TopicRefused(f"topic {late[0]} was created but has no leader")
        await asyncio.sleep(0.02)


async def _without_leader(client: AIOKafkaAdminClient, wanted: Mapping[str, int]) -> list[str]:
    led = await _partition_counts(client, list(wanted))
    return sorted(name for name, partitions in wanted.items() if led.get(name, 0) < partitions)


async def _partition_counts(client: AIOKafkaAdminClient, names: list[str]) -> dict[str, int]:
    """How many partitions with a leader each existing topic has."""
    described = await client.describe_topics(names)
    return {
        topic["topic"]: sum(partition["leader"] >= 0 for partition in topic["partitions"])
        for topic in described
        if topic["error_code"] == 0
    }


async def _configs(
    client: AIOKafkaAdminClient, names: list[str], *, own: bool = False
) -> dict[str, dict[str, str]]:
    """`own`: only what was set for these topics themselves, without what they take from the brokers."""
    if not names:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in names]
    answers = await client.describe_configs(asked)
    resources = [resource for answer in answers for resource in answer.resources]
    return {
        name: {entry[0]: entry[1] for entry in entries if not own or entry[3] == OF_TOPIC}
        for _, _, _, name, entries in resources
    }
