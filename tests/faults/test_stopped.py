"""A record that cannot be applied stops its partition, with coordinates, and goes on by itself after the mend."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import pytest

from runtime import kafka
from runtime.postgres import connect
from runtime.settings import Settings
from schemas.topics import LEARNING, every_topic
from tests.faults.tables import messages, positions
from tests.faults.test_holes import EVENTS, SHOPS, say, until_decided
from tests.faults.watched import ENRICHER, SECONDS, status, watched
from tests.streams.enrichment.broker import append
from tests.streams.enrichment.inputs import key_of, now, served


async def say_something_odd(settings: Settings) -> None:
    said = served(SHOPS[0], time=now())
    said["data"]["response_type"] = "odd"
    await append(settings, [(EVENTS, key_of(SHOPS[0]), orjson.dumps(said), 0)])


async def alter(settings: Settings, how: str) -> None:
    conn = await connect(settings, LEARNING.name)
    try:
        await conn.execute(f"ALTER TABLE response_analytics {how}")
    finally:
        await conn.close()


async def until_shown(settings: Settings, records: dict[int, int]) -> None:
    async with asyncio.timeout(SECONDS):
        while await positions(settings) != records:
            await asyncio.sleep(0.1)


@pytest.mark.timeout(240)
async def test_a_record_that_cannot_be_applied_stops_its_partition_alone(
    settings: Settings, tmp_path: Path
) -> None:
    two = settings.model_copy(update={"partitions": 2})
    await kafka.create_topics(two, every_topic())
    await alter(two, "ADD CONSTRAINT whim CHECK (response_type <> 'odd')")
    await say(two, 0, 2)
    await say_something_odd(two)
    await say(two, 0, 2)
    await say(two, 1, 4)
    async with (
        watched(two, tmp_path, *ENRICHER),
        watched(two, tmp_path, "decider"),
        watched(two, tmp_path, "projector") as projector,
    ):
        await until_decided(two, 0, 5)
        refused = (await messages(two, LEARNING.log.name, 0))[3]
        # The opening and two events; all of the other partition.
        await until_shown(two, {0: 3, 1: 5})
        told = await projector.until("learning 0", lambda part: not part["ready"])
        assert f"learning.decisions[0] {refused.offset} cannot be applied: 23514" in told["reason"]
        assert await projector.number("relearn_projection_stopped", partition="0") == 1
        assert await projector.number("relearn_projection_stopped", partition="1") == 0
        shown, rows = await status(two)
        assert "projection of learning.decisions[0] is stopped: 23514" in shown
        assert [row["partition"] for row in rows if "stopped" in row] == [0]
        assert f"offset={refused.offset}" in projector.said
        await say(two, 1, 2)
        await until_shown(two, {0: 3, 1: 7})
        await alter(two, "DROP CONSTRAINT whim")
        await until_shown(two, {0: 6, 1: 7})
        await projector.until("learning 0", lambda part: bool(part["ready"]))
        assert "is stopped" not in (await status(two))[0]
