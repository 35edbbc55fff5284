"""Access keys: kept in a topic of their own, and known to whoever has to let callers in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from hmac import compare_digest
from uuid import UUID

import structlog
from aiokafka import ConsumerRecord
from pydantic import ValidationError

from runtime.compacted import Said, heard, said, say
from runtime.settings import Settings
from schemas.access import Key, hash_of, key_id_of
from schemas.topics import KEYS

log = structlog.get_logger(__name__)


async def every_key(settings: Settings) -> Mapping[UUID, Key]:
    """All keys by their ids, those that are revoked or expired too; none where there is no such topic yet."""
    return _keys(await said(settings, KEYS))


async def put_key(settings: Settings, key: Key) -> None:
    """Lets this be what is known of the key with its id; returns when every in-sync replica has it."""
    await say(settings, KEYS, str(key.id).encode(), key.model_dump_json().encode())


class KeyRing:
    """All keys as they are now, for whoever has to let callers in. While `run` does not run it stays as it is."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys: Mapping[UUID, Key] = {}
        self._loaded = asyncio.Event()

    async def run(self) -> None:
        """Follows the topic until cancelled. What is written is known here some milliseconds later.

        Goes on through failures of the brokers; until they are over what was known last holds.

        Raises:
            KafkaConnectionError: if no broker can be reached at the start.
        """
        async for now in heard(self._settings, KEYS):
            self._keys = _keys(now)
            self._loaded.set()

    async def loaded(self) -> None:
        """Returns when all that was written before `run` began is known. Before that, `find` finds nothing."""
        await self._loaded.wait()

    @property
    def is_loaded(self) -> bool:
        """Whether all that was written before `run` began is known."""
        return self._loaded.is_set()

    def find(self, secret: str, now: datetime) -> Key | None:
        """The key with this secret; None if there is none, or if it is revoked or expired.

        How long it takes says nothing about a hash that is kept.
        """
        key_id = key_id_of(secret)
        key = self._keys.get(key_id) if key_id is not None else None
        if key is None or not compare_digest(hash_of(secret), key.hash):
            return None
        return key if key.is_open(now) else None


def _keys(found: Said) -> dict[UUID, Key]:
    keys = (_key(message) for message in found.values())
    return {key.id: key for key in keys if key is not None}


def _key(message: ConsumerRecord) -> Key | None:
    """The key in a message; None if it cannot be read.

    What was said before under the same message key counts no more then: it might be its end that cannot be read, and
    compaction would forget it, too.
    """
    try:
        key = Key.model_validate_json(message.value)
        if str(key.id).encode() != message.key:
            raise ValueError("stands under the id of another key")
    except ValueError as error:
        log.warning(
            "a message is no access key and opens nothing",
            topic=message.topic,
            partition=message.partition,
            offset=message.offset,
            reason=_reason(error),
        )
        return None
    return key


def _reason(error: ValueError) -> str:
    """What is wrong and where, without the words of the message."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))!r}: {first['msg']}"
