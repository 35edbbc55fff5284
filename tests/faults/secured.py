"""A broker that speaks TLS, asks everybody who they are, and lets nobody do what was not granted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import trustme
from aiokafka.protocol.admin import CreateAclsRequest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from runtime import kafka
from runtime.embedded.kafka import EmbeddedKafka
from runtime.embedded.ports import HOST, free_port
from runtime.settings import Settings
from schemas.topics import DOMAINS, GENERATIONS, DomainTopics, every_topic
from streams.enrichment.inputs import group_of

MECHANISM = "SCRAM-SHA-512"
PASSWORD = "of {name} and of nobody else"

TOPIC, GROUP, TRANSACTIONAL_ID = 2, 3, 5
READ, WRITE, DESCRIBE, DESCRIBE_CONFIGS = 3, 4, 8, 10
LITERAL, PREFIXED, ALLOW = 3, 4, 3
"""The protocol's own numbers."""


@dataclass(frozen=True, slots=True)
class Grant:
    """That somebody may do this with that."""

    kind: int
    name: str
    operation: int
    pattern: int = LITERAL


class SecuredKafka:
    """One broker. Its plain listener is its own and its administrator's; everybody else has `settings_of`."""

    def __init__(self, folder: Path, users: Iterable[str]) -> None:
        self._folder = folder
        self.authority = trustme.CA()
        self._secure, plain = free_port(), free_port()
        controller = free_port(taken=[self._secure, plain])
        self._broker = EmbeddedKafka(
            folder / "kafka",
            plain,
            controller,
            options=self._options(plain, controller),
            formatting=[word for name in users for word in ("--add-scram", _scram(name))],
        )
        self.cafile = folder / "authority.pem"
        self._plain: Settings

    async def start(self) -> None:
        self._folder.mkdir(exist_ok=True)
        self.authority.cert_pem.write_to_path(self.cafile)
        _write_certificate(self.authority, self._folder / "broker.pem")
        self._plain = Settings(kafka_bootstrap_servers=await self._broker.start(), database_url="nowhere")

    async def stop(self) -> None:
        await self._broker.stop()

    @property
    def administrator(self) -> Settings:
        """By which everything may be done."""
        return self._plain

    def settings_of(self, user: str, **others: object) -> Settings:
        """By which this user reaches the broker."""
        told: dict[str, object] = {
            "kafka_bootstrap_servers": f"{HOST}:{self._secure}",
            "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_mechanism": MECHANISM,
            "kafka_sasl_username": user,
            "kafka_sasl_password": PASSWORD.format(name=user),
            "kafka_ssl_cafile": self.cafile,
            "database_url": "postgresql://nowhere",
        }
        return Settings.model_validate(told | others)

    async def grant(self, user: str, grants: Iterable[Grant]) -> None:
        """Lets this user do so, and no more than before beside it."""
        client = kafka.admin(self._plain)
        await client.start()
        try:
            for each in grants:
                asked = CreateAclsRequest(
                    each.kind, each.name, each.pattern, f"User:{user}", "*", each.operation, ALLOW
                )
                answer = await client._send_to_controller(asked)
                assert [code for code, _ in answer.creation_responses] == [0], answer
        finally:
            await client.close()

    def _options(self, plain: int, controller: int) -> Mapping[str, object]:
        listeners = f"PLAINTEXT://{HOST}:{plain},SASL_SSL://{HOST}:{self._secure}"
        return {
            "listeners": f"{listeners},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": listeners,
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL",
            "sasl.enabled.mechanisms": MECHANISM,
            f"listener.name.sasl_ssl.{MECHANISM.lower()}.sasl.jaas.config": (
                "org.apache.kafka.common.security.scram.ScramLoginModule required;"
            ),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": self._folder / "broker.pem",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "super.users": "User:ANONYMOUS",
            "allow.everyone.if.no.acl.found": "false",
        }


def of_topics(settings: Settings, role: str) -> Iterator[Grant]:
    """What the registry of topics says of this role."""
    for topic in every_topic():
        name = settings.topic(topic.name)
        if role in topic.writers:
            yield Grant(TOPIC, name, WRITE)
        if role in topic.readers:
            yield Grant(TOPIC, name, READ)


def of_part(settings: Settings, part: str) -> Iterator[Grant]:
    """What a part must be granted: what the registry says, its groups, and what else it does."""
    yield from of_topics(settings, part)
    for domain in DOMAINS.values():
        yield Grant(GROUP, _groups(settings, domain)[part], READ)
        inputs = [settings.topic(topic.name) for topic in domain.inputs]
        if part == "enricher":
            # An input that was put into the wrong partition is appended again where it belongs.
            yield from (Grant(TOPIC, name, WRITE) for name in inputs)
        if part == "decider":
            yield Grant(TRANSACTIONAL_ID, f"{settings.topic_prefix}relearn-{domain.name}-", WRITE, PREFIXED)
            yield Grant(TOPIC, settings.topic(domain.log.name), DESCRIBE_CONFIGS)
            # It compares how many partitions its topics have.
            yield from (Grant(TOPIC, name, DESCRIBE) for name in inputs)


def of_api(settings: Settings) -> Iterator[Grant]:
    """What the API must be granted: what the registry says, and what it tells of."""
    yield from of_topics(settings, "api")
    for topic in (*(domain.log for domain in DOMAINS.values()), GENERATIONS):
        yield Grant(TOPIC, settings.topic(topic.name), READ)


def _groups(settings: Settings, domain: DomainTopics) -> Mapping[str, str]:
    return {
        "enricher": group_of(settings, domain),
        "decider": f"{settings.topic_prefix}relearn-{domain.name}-decider",
        "projector": settings.topic(f"{domain.name}-projector"),
    }


def _scram(user: str) -> str:
    return f'{MECHANISM}=[name={user},password="{PASSWORD.format(name=user)}"]'


def _write_certificate(authority: trustme.CA, path: Path) -> None:
    """Key and certificate in one file. Kafka reads keys in PKCS#8 only."""
    issued = authority.issue_cert(HOST, "localhost")
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    packed = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(packed + b"".join(pem.bytes() for pem in issued.cert_chain_pems))
