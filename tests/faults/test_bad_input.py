"""Bad input of every kind, through the real parts: dead letters and audit say why, and its neighbours live."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import UUID

import orjson
import pytest
from aiokafka.errors import MessageSizeTooLargeError

from cli.status import until_caught_up
from runtime import kafka
from runtime.postgres import connect
from runtime.settings import Settings
from schemas.topics import DEAD_LETTERS, LEARNING, MAX_INPUT_BYTES
from tests.faults.decided import CODEC, assert_decided_once
from tests.faults.load import create_topics
from tests.faults.tables import messages
from tests.faults.watched import ENRICHER, watched
from tests.streams.enrichment.inputs import PARTITIONS, home, key_of, now, served, tick
from tests.streams.enrichment.test_check import BAD

EVENTS = LEARNING.inputs[0].name
PLACE = home(7)
SECONDS = 100.0

MISPLACED: dict[str, tuple[bytes | None, bytes, str]] = {
    "another shop's key": (key_of(8), orjson.dumps(served(7, time=now())), "is not its shop, 7"),
    "an empty key": (b"", orjson.dumps(served(7, time=now())), "is not its shop, 7"),
    "a key that is no text": (b"\xff\0", orjson.dumps(served(7, time=now())), "is not its shop, 7"),
    "a tick among events": (None, orjson.dumps(tick(PLACE, time=now())), "belongs in learning.reviews"),
    "binary rubbish": (b"7", bytes(range(256)) * 10, "not JSON"),
    "a million brackets": (b"7", b"[" * 1_000_000, "not JSON"),
}
MESSAGES = [
    *((b"7", value, reason) for name, (value, reason) in BAD.items() if name != "six minutes ahead"),
    *MISPLACED.values(),
]
"""Key, value, and what the reason says. The clock of the broker is not that of the one left out."""

AUDIT = """
SELECT after ->> 'reason' AS reason FROM learning_audit_log
 WHERE action = 'DeadLettered' AND log_partition = $1 ORDER BY log_offset
"""


async def send_between_neighbours(settings: Settings) -> list[UUID]:
    """Each between two good ones, and at the end one that only compression could bring past the broker."""
    good = list[UUID]()
    topic = settings.topic(EVENTS)

    def neighbour() -> bytes:
        said = served(7, time=now())
        good.append(UUID(said["id"]))
        return orjson.dumps(said)

    async with kafka.producer(settings, linger_ms=5) as producer:
        with pytest.raises(MessageSizeTooLargeError):
            await producer.send_and_wait(topic, b"x" * (MAX_INPUT_BYTES + 70_000), partition=PLACE)
        for key, value, _ in MESSAGES:
            await producer.send_and_wait(topic, value, key=key, partition=PLACE)
            await producer.send_and_wait(topic, neighbour(), key=b"7", partition=PLACE)
        # Without a key it is as good as any.
        await producer.send_and_wait(topic, neighbour(), partition=PLACE)
        await producer.send_and_wait(topic, neighbour(), partition=(PLACE + 1) % PARTITIONS)
    async with kafka.producer(settings, compression_type="gzip", max_request_size=8 << 20) as producer:
        await producer.send_and_wait(topic, b" " * (4 << 20), key=b"7", partition=PLACE)
        await producer.send_and_wait(topic, neighbour(), key=b"7", partition=PLACE)
    return good


@pytest.mark.timeout(240)
async def test_bad_input_of_every_kind_is_told_apart_and_harms_no_neighbour(
    settings: Settings, tmp_path: Path
) -> None:
    await create_topics(settings)
    good = await send_between_neighbours(settings)
    # Nothing here has words to embed, so an enricher without a model does.
    async with (
        watched(settings, tmp_path, *ENRICHER),
        watched(settings, tmp_path, "decider") as decider,
        watched(settings, tmp_path, "projector"),
    ):
        await until_caught_up(settings, SECONDS)
        counted = await decider.number("relearn_decider_dead_letters_total")
    letters = [orjson.loads(m.value) for m in await messages(settings, DEAD_LETTERS.name, PLACE)]
    reasons = [letter["reason"] for letter in letters]
    wanted = [reason for _, _, reason in MESSAGES] + [f"more than {MAX_INPUT_BYTES}"]
    assert len(reasons) == len(wanted) == counted
    assert [(has, says) for has, says in zip(reasons, wanted, strict=True) if says not in has] == []
    conn = await connect(settings, LEARNING.name)
    try:
        assert [row["reason"] for row in await conn.fetch(AUDIT, PLACE)] == reasons
        shown = {row["id"] for row in await conn.fetch("SELECT id FROM response_analytics")}
    finally:
        await conn.close()
    assert len(shown) == len(good)
    await _assert_each_decided(settings, good)


async def _assert_each_decided(settings: Settings, good: list[UUID]) -> None:
    await assert_decided_once(settings)
    lots = await asyncio.gather(
        *(messages(settings, LEARNING.log.name, number) for number in range(PARTITIONS))
    )
    records = [CODEC.decode(m.value) for lot in lots for m in lot]
    assert sorted(r.event_id for r in records if r.event_id) == sorted(good)
