"""What the input topics are called now: a domain may have been given others, with more partitions."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from relearn_client.warning import warn

REGISTRY = "generations"
POLL_SECONDS = 0.5
"""Between two looks, while inputs are closed and others are not open yet."""

SECURITY = ("security_protocol", "ssl_context", "sasl_")
"""How options begin that a consumer needs as much as a producer."""

log = logging.getLogger(__name__)


class Topics:
    """Follows the registry of one installation."""

    def __init__(
        self, bootstrap_servers: str | list[str], topic_prefix: str, options: Mapping[str, Any]
    ) -> None:
        self._servers = bootstrap_servers
        self._prefix = topic_prefix
        self._options = {name: said for name, said in options.items() if name.startswith(SECURITY)}
        self._names: dict[str, str] = {}
        self._is_settled = True

    def now(self, topic: str) -> str:
        """What this topic (with prefix) is called."""
        return self._names.get(topic, topic)

    async def look(self) -> None:
        """Reads the registry. Without one, or where it may not be read, topics keep the names they have."""
        try:
            said = await self._said()
        except KafkaError as error:
            warn(log, "the registry of topics cannot be read: %s", error)
            return
        self._is_settled = all(each["phase"] == "settled" for each in said.values())
        self._names = {
            self._prefix + name: self._prefix + current
            for each in said.values()
            for name, current in _names(each).items()
        }

    async def have_moved(self, before: str) -> bool:
        """Whether the topic that had this name refuses events because there is another one; waits until there is."""
        known = {name for name, current in self._names.items() if current == before} or {before}
        await self.look()
        while not self._is_settled:
            await asyncio.sleep(POLL_SECONDS)
            await self.look()
        return any(self.now(name) != before for name in known)

    async def _said(self) -> dict[str, Any]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._servers, enable_auto_commit=False, **self._options
        )
        tp = TopicPartition(self._prefix + REGISTRY, 0)
        try:
            await consumer.start()
            if tp.topic not in await consumer.topics():
                return {}
            consumer.assign([tp])
            await consumer.seek_to_beginning(tp)
            end = (await consumer.end_offsets([tp]))[tp]
            found: dict[str, Any] = {}
            while await consumer.position(tp) < end:
                for message in (await consumer.getmany(tp, timeout_ms=200)).get(tp, ()):
                    said = json.loads(message.value)
                    found[said["domain"]] = said
            return found
        finally:
            with suppress(KafkaError):
                await consumer.stop()


def _names(said: Mapping[str, Any]) -> Mapping[str, str]:
    for each in said["generations"]:
        if each["number"] == said["current"]:
            names: Mapping[str, str] = each["names"]
            return names
    return {}
