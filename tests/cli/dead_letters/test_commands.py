"""Dead letters through the real parts: seen, mended and sent again, dead again, discarded, and killed half-way."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from cli.status import until_caught_up
from runtime import kafka
from runtime.fault import VARIABLE
from runtime.postgres import connect
from runtime.settings import Settings
from schemas.topics import DOMAINS, EXECUTIONS, LEARNING, every_topic
from tests.cli.running import relearn
from tests.faults.watched import ENRICHER, watched
from tests.streams.enrichment.inputs import PARTITIONS, SERVED, event, home, now, served

SECONDS = 100.0
EVENTS, TASKS = LEARNING.inputs[0].name, EXECUTIONS.inputs[0].name
HOME = home(7)
AWAY = (HOME + 1) % PARTITIONS
MENDED = "SELECT count(*) FROM response_analytics"
AUDIT = (
    "SELECT actor, after ->> 'offset' AS offset FROM learning_audit_log WHERE action = $1 ORDER BY log_offset"
)

pytestmark = pytest.mark.timeout(240)


class House:
    """All parts at work, and the command beside them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    async def send(self, value: bytes, partition: int, key: bytes | None = b"7", topic: str = EVENTS) -> str:
        """Appends this and waits until it is decided and shown; returns where it stands."""
        async with kafka.producer(self.settings) as producer:
            name = self.settings.topic(topic)
            done = await producer.send_and_wait(name, value, key=key, partition=partition)
        await until_caught_up(self.settings, SECONDS)
        return f"{topic}/{partition}/{done.offset}"

    async def run(self, *words: str) -> Any:
        return await relearn("dead-letters", *words, env=self.settings.environment())

    async def succeeds(self, *words: str) -> str:
        done = await self.run(*words)
        assert done.exit_code == 0, done.output
        return str(done.stdout)

    async def fails(self, *words: str) -> str:
        done = await self.run(*words)
        assert done.exit_code == 1, done.output
        return str(done.output)

    async def letters(self, *words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = orjson.loads(await self.succeeds("list", "--json", *words))
        return found

    async def states(self, *but: str) -> dict[str, str]:
        """Of all letters but these."""
        found = {each["input"]: each["state"] for each in await self.letters("--all")}
        return {place: state for place, state in found.items() if place not in but}

    async def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        conn = await connect(self.settings, LEARNING.name)
        try:
            return [tuple(row) for row in await conn.fetch(query, *arguments)]
        finally:
            await conn.close()


@pytest.fixture
async def house(settings: Settings, tmp_path: Path) -> AsyncIterator[House]:
    await kafka.create_topics(settings, every_topic())
    async with AsyncExitStack() as stack:
        for words in ((*ENRICHER, *DOMAINS), ("decider",), ("projector",)):
            await stack.enter_async_context(watched(settings, tmp_path, *words))
        yield House(settings)


async def killed_at(settings: Settings, point: str, *words: str) -> int:
    """How the command ends that is to die at this point."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "dead-letters", *words),
        env={**os.environ, **settings.environment(), VARIABLE: point},
    )
    return await child.wait()


def said(talk: str, **attributes: Any) -> dict[str, Any]:
    data = {"conversation_id": talk, "response_text": "At ten.", "response_type": "hours"}
    return event(SERVED, 7, data, time=now(), **attributes)


async def test_from_death_to_the_end(house: House, tmp_path: Path) -> None:
    """One after the other, for it takes longer to start the parts than to ask all this of them."""
    await what_died_is_mended_and_sent_again(house, tmp_path)
    await what_is_good_for_nothing_dies_again_and_is_discarded(house)
    await killed_before_the_attempt_is_recorded_it_is_sent_once_more_and_decided_once(house)


async def what_died_is_mended_and_sent_again(house: House, tmp_path: Path) -> None:
    talk = str(uuid4())
    broken = said(talk, shopid="7 \x1b[31m")
    letter = await house.send(orjson.dumps(broken), HOME)
    await house.send(orjson.dumps(said(talk)), HOME)
    await house.send(orjson.dumps(served(7, time=now())), HOME)

    (listed,) = await house.letters()
    assert (listed["input"], listed["state"], listed["tries"]) == (letter, "open", 0)
    assert listed["reason"].startswith("shopid: ")
    assert listed["seems"]["conversation"] == talk
    assert "\x1b" not in await house.succeeds("list") + await house.succeeds("show", letter)
    assert (await house.run("show", letter, "--raw")).stdout_bytes == orjson.dumps(broken)

    assert f"{letter} left: would die again: shopid: " in await house.fails("retry", letter)
    assert (await house.states()) == {letter: "open"}

    mended = tmp_path / "mended.json"
    mended.write_bytes(orjson.dumps(broken | {"shopid": 7}) + b"\n")
    words = ("retry", letter, "--by", "ann", "--note", "a text")
    told = " ".join((await house.succeeds(*words, "--with", str(mended))).split())
    assert "response stored" in told
    assert f"2 events of shop 7 have been decided since it died, 1 of them of its conversation {talk}" in told
    assert await house.states() == {letter: "decided"}
    assert await house.rows(AUDIT, "DeadLetterRetried") == [("ann", letter.rpartition("/")[2])]

    assert "left: was sent again by ann" in await house.fails("retry", letter, "--with", str(mended))
    again = orjson.loads(await house.succeeds("retry", letter, "--with", str(mended), "--force", "--json"))
    assert [o["kind"] for each in again for o in each["outcomes"]] == ["DuplicateIgnored"]
    (listed,) = await house.letters("--all")
    assert listed["deeds"][0]["by"] == "ann"
    assert (listed["tries"], len(listed["deeds"])) == (2, 2)
    assert await house.rows(MENDED) == [(3,)]


async def what_is_good_for_nothing_dies_again_and_is_discarded(house: House) -> None:
    before = await house.states()
    letter = await house.send(b'{"shopid": 7,', 2, key=b"x", topic=TASKS)
    other = await house.send(b"\xff\0", AWAY)
    assert {each["domain"] for each in await house.letters()} == {"learning", "executions"}
    assert [each["input"] for each in await house.letters("--shop", "7")] == [letter]
    assert [each["input"] for each in await house.letters("--domain", "learning")] == [other]

    assert "1 dead again or refused" in await house.fails("retry", letter, "--force")
    states = await house.states(*before)
    (again,) = states.keys() - {letter, other}
    assert states == {letter: "dead again", again: "open", other: "open"}
    (listed,) = await house.letters("--reason", "not JSON", "--domain", "executions")
    assert (listed["input"], listed["retry_of"], listed["tries"]) == (again, letter, 1)

    told = await house.succeeds("discard", "--all", "--yes", "--reason", "noise", "--by", "bob")
    assert f"dead letter discarded {again}" in told
    assert await house.letters() == []
    assert await house.states(*before) == {letter: "dead again", again: "discarded", other: "discarded"}
    assert "is not open but discarded" in await house.fails("discard", again, "--reason", "noise")
    assert "left: was discarded by bob" in await house.fails("retry", other)
    assert await house.rows(AUDIT, "DeadLetterDiscarded") == [("bob", other.rpartition("/")[2])]
    assert "no dead letter is known at" in await house.fails("show", f"{EVENTS}/{HOME}/999")
    assert "is no input as TOPIC/PARTITION/OFFSET" in await house.fails("show", "dead-letters/0/1")


async def killed_before_the_attempt_is_recorded_it_is_sent_once_more_and_decided_once(
    house: House,
) -> None:
    before, shown = await house.states(), await house.rows(MENDED)
    letter = await house.send(orjson.dumps(said(str(uuid4()))), AWAY, key=b"8")
    assert await killed_at(house.settings, "after-append", "retry", letter) == -signal.SIGKILL
    await until_caught_up(house.settings, SECONDS)
    more = await house.rows(MENDED)
    assert more == [(shown[0][0] + 1,)]
    assert await house.states(*before) == {letter: "open"}

    (told,) = orjson.loads(await house.succeeds("retry", "--all", "--json"))
    assert told["appended"].startswith(f"{EVENTS}/{HOME}/")
    assert [o["kind"] for o in told["outcomes"]] == ["DuplicateIgnored"]
    assert await house.states(*before) == {letter: "decided"}
    assert await house.rows(MENDED) == more
